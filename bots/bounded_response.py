"""Answers of a platform's API, of which no more is read than any of them has."""

import aiohttp

LARGEST = 16 * 1024 * 1024  # bytes, decompressed: a page of a thousand long messages has a quarter of it
CHUNK = 256 * 1024  # bytes


class BoundedResponse(aiohttp.ClientResponse):
    """A response whose `read`, `text` and `json` raise ClientPayloadError for a body that is too large.

    aiohttp has no bound of its own, so that a small compressed body could fill the memory. What is read piece by piece
    from `content`, as files are, is bounded by whoever reads it.
    """

    async def read(self) -> bytes:
        """Return the whole body."""
        if self._body is None:
            self._body = await self._read_bounded()
        return await super().read()

    async def _read_bounded(self) -> bytes:
        body = bytearray()
        async for chunk in self.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > LARGEST:
                self.close()
                raise aiohttp.ClientPayloadError(f"more than {LARGEST} bytes")
        return bytes(body)
