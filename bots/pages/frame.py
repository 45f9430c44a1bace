"""What every page has in common: its frame, its looks, and that nothing in it can run."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

PAGES: Mapping[str, str] = {"/usage": "Usage", "/sources": "Files", "/personas": "Personas"}
STYLE = Path(__file__).with_name("pages.css").read_text("utf-8")
HEADERS = {
    # The sandbox's page, on a port of its own on this machine, shows these in a frame; nobody else does.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address holds the key
    "X-Content-Type-Options": "nosniff",
}


def html_response(title: str, path: str, key: str, body: Sequence[str], status: int = 200) -> web.Response:
    """Return a page at `path` with `body`, which is HTML already; its links bear the `key`, empty for none."""
    links = "".join(_link(each, name, key, is_here=each == path) for each, name in PAGES.items())
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} · Confab</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/pages.css"></head><body>'
        f"<header><h1>{escape(title)}</h1>"
        f'<nav aria-label="Pages">{links}</nav></header><main>{"".join(body)}</main></body></html>'
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status, headers=HEADERS)


def style_response() -> web.Response:
    """Return the looks of all pages."""
    return web.Response(text=STYLE, content_type="text/css", charset="utf-8", headers=HEADERS)


def address_of(path: str, **query: str | int) -> str:
    """Return the address of a page, escaped for an attribute; what is empty is left out of it."""
    told = urlencode({name: value for name, value in query.items() if value})
    return escape(f"{path}?{told}" if told else path)


def _link(path: str, name: str, key: str, *, is_here: bool) -> str:
    current = ' aria-current="page"' if is_here else ""
    return f'<a href="{address_of(path, key=key)}"{current}>{name}</a>'
