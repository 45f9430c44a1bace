"""Files that came with a message in Discord, fetched from its CDN, whose addresses hold for a day."""

from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

import aiohttp

from bots.downloads import Downloads, is_below, parse_bases

CDN = ("cdn.discordapp.com", "media.discordapp.net")  # Discord docs, Signed Attachment CDN URLs
FILE_HINT = "Files come from Discord's CDN, and from the hosts of CONFAB_FILE_HOSTS."


def discord_downloads(session: aiohttp.ClientSession, api_url: str, hosts: Sequence[str]) -> Downloads:
    """Return what fetches files; `api_url` is where Discord's API is, `hosts` are further hosts or base URLs.

    No token goes with them: an address is signed.
    """
    api = urlsplit(api_url)
    known = parse_bases([*CDN, *hosts, *([f"{api.scheme}://{api.netloc}"] if api.hostname != "discord.com" else [])])

    def headers(url: SplitResult) -> Mapping[str, str] | None:
        return {} if any(is_below(base, url) for base in known) else None

    return Downloads(session, headers, FILE_HINT)
