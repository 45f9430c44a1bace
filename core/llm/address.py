"""Where an endpoint's API lies, and what goes with each request to it."""

import httpx
import re2

CALL = re2.compile(r"(?:/chat/completions|/moderations|/embeddings|/audio/(?:transcriptions|translations))$")
VERSION = re2.compile(r"/v\d")
LACKS_VERSION = "The address lacks /v1 at its end, and is asked with it: write it there (OPENAI_BASE_URL)."


def names_version(url: httpx.URL) -> bool:
    """Whether an address names a version of the API, as nearly every one does."""
    return VERSION.search(url.path) is not None


def base_path(url: httpx.URL) -> str:
    """Return the path below which the API lies, for an address that may be that of one of its calls."""
    return str(CALL.sub("", url.path.rstrip("/")))


def url_below(base: str | httpx.URL, path: str) -> httpx.URL:
    """Return an address below a base address, whose query (`?api-version=…`) stays."""
    url = httpx.URL(base)
    return url.copy_with(path=base_path(url) + path)


def auth_headers(url: httpx.URL, key: str) -> dict[bytes, bytes]:
    """Return the headers that carry the key; none where there is no key (a local server needs none)."""
    if not key:
        return {}
    azure = {b"api-key": key.encode()} if url.host.endswith("azure.com") else {}
    return {b"Authorization": b"Bearer " + key.encode(), **azure}
