"""Web addresses: which the model may be led to, and which a person has written."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

import re2  # linear in time, as texts come from outside

WRITTEN = re2.compile(r"(?i)\bhttps?://[^\s<>\"'`|\\^{}]+")
TRAILING = ".,;:!?)]}*_~>\u2026"  # what ends a sentence, a bracket or a markup, and no address
EMBEDDING = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped (RFC 4291)
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible (the same)
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64 (RFC 6052)
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4 (RFC 3056)
)
TRANSLATED = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("::ffff:0:0:0/96"))  # RFC 8215; RFC 7915


def is_public_address(address: str) -> bool:
    """Whether a numeric address is one of the internet's: not private, local, shared, multicast or reserved."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not found.is_multicast
    for network, bits in EMBEDDING:
        if found in network:
            return is_public_address(str(ipaddress.IPv4Address(int(found) >> bits & 0xFFFFFFFF)))
    is_local = found.is_multicast or found.is_site_local or any(found in network for network in TRANSLATED)
    return found.is_global and not is_local


def is_numeric_host(host: str) -> bool:
    """Whether a host is a number in place of a name: what is connected to without being resolved."""
    return ":" in host or host.replace(".", "").isdigit()


def host_of(address: str) -> str:
    """Return the host of an address, empty where it has none that can be read."""
    try:
        return (urlsplit(address).hostname or "").encode("idna").decode()[:100]
    except ValueError:
        return ""


def written_addresses(texts: Iterable[str]) -> set[str]:
    """Return the addresses in what people wrote, each in the form in which two of them are compared."""
    found = {normalize_address(each) for text in texts for each in WRITTEN.findall(text)}
    return found - {""}


def normalize_address(address: str) -> str:
    """Return an address without what makes no other page of it: its fragment, a slash at its end, case of its host.

    Empty where it cannot be read, or names a user: what stands before an `@` looks like a host and is none.
    """
    try:
        parts = urlsplit(address.strip().rstrip(TRAILING))
        if "@" in parts.netloc or not parts.hostname:
            return ""
        path = parts.path.rstrip("/")
        return f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}{'?' if parts.query else ''}{parts.query}"
    except ValueError:
        return ""
