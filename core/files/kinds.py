"""What a file is, by its name, its media type and its first bytes: the one table of what is read, and how."""

from pathlib import PurePosixPath

import re2  # linear in time, as names come from outside

from core.messages import Attachment

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"

# Endings and media types, by the reader that takes them (readers/program.py).
BY_READER = {
    "pdf": (".pdf", "application/pdf"),
    "xlsx": (".xlsx", ".xlsm", ".xltx", ".xltm", f"{OFFICE}.spreadsheetml.sheet"),
    "ods": (".ods", ".ots", f"{OPEN}.spreadsheet"),
    "docx": (".docx", ".docm", ".dotx", ".dotm", f"{OFFICE}.wordprocessingml.document"),
    "pptx": (".pptx", ".pptm", ".ppsx", ".potx", f"{OFFICE}.presentationml.presentation"),
    "odt": (".odt", ".ott", ".odp", ".otp", f"{OPEN}.text", f"{OPEN}.presentation"),
    "epub": (".epub", "application/epub+zip"),
    "rtf": (".rtf", "application/rtf", "text/rtf"),
    "eml": (".eml", ".mht", ".mhtml", "message/rfc822"),
    "ipynb": (".ipynb", "application/x-ipynb+json"),
    "html": (".html", ".htm", ".xhtml", "text/html", "application/xhtml+xml"),
    "picture": (".png", ".jpg", ".jpeg", ".webp", ".gif", "image/png", "image/jpeg", "image/webp", "image/gif"),
    "env": (".env", ".envrc", ".npmrc", ".pypirc", ".netrc", ".pgpass", ".htpasswd", ".tfvars"),
    "": (".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk"),  # keys, which nobody means to send
}
READER = {mark: reader for reader, marks in BY_READER.items() for mark in marks}
SECRET_NAMES = re2.compile(r".*\.env(?:\..*)?|env|\.(?:npmrc|pypirc|netrc|pgpass|htpasswd|envrc)|credentials")
KEY_NAMES = re2.compile(r"id_(?:rsa|dsa|ecdsa|ed25519)")
TEXT_TYPES = {"application/json", "application/xml", "application/yaml", "application/toml", "application/x-sh"}
# What no look into the bytes is worth a download: it is never text.
OPAQUE_TYPES = ("image/", "audio/", "video/", "font/", "application/zip")
OPAQUE = re2.compile(
    r".*\.(?:zip|gz|tgz|bz2|xz|zst|7z|rar|tar|jar|war|apk|ipa|dmg|iso|img|exe|dll|so|dylib|msi|deb|rpm|bin|dat|class|pyc"
    r"|wasm|o|a|doc|xls|ppt|msg|pst|mdb|accdb|sqlite|db|parquet|avro|npy|npz|pt|onnx|gguf|safetensors|psd|ai|sketch|fig"
    r"|heic|heif|avif|bmp|tiff?|ico|svgz|raw|mp[34]|m4[av]|mov|avi|mkv|webm|wav|ogg|opus|flac|aac|ttf|otf|woff2?)"
)
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
BEGINNINGS = {b"%PDF-": "pdf", b"{\\rtf": "rtf"}
CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\f\r\x1b")))  # what no text holds, but for UTF-16
SAMPLE = 4096  # bytes by which a file is told to be text


def kind_of(file: Attachment) -> str:
    """Return a file's kind by name or media type: a reader's name, `text`, `unknown`, or empty: never read."""
    name, media_type = PurePosixPath(file.name.lower()).name, file.media_type.partition(";")[0].strip().lower()
    if SECRET_NAMES.fullmatch(name):
        return "env"
    ending = PurePosixPath(name).suffix
    if KEY_NAMES.fullmatch(name) or ending in READER:
        return READER.get(ending, "")
    if media_type in READER:
        return READER[media_type]
    if OPAQUE.fullmatch(name):
        return ""
    if media_type.startswith("text/") or media_type in TEXT_TYPES:
        return "text"
    return "" if media_type.startswith(OPAQUE_TYPES) and not ending else "unknown"


def kind_of_content(content: bytes, kind: str) -> str:
    """Return what a file is by its bytes, where these tell more than its name: a picture, a PDF, a text or nothing."""
    if content.startswith(PICTURES) or (content[:4], content[8:12]) == (b"RIFF", b"WEBP"):
        return "picture"
    if kind == "picture":
        return ""
    if kind not in {"text", "unknown"}:
        return kind
    told = next((reader for beginning, reader in BEGINNINGS.items() if content.startswith(beginning)), "")
    return told or ("text" if kind == "text" or is_text(content) else "")


def is_text(content: bytes) -> bool:
    """Whether bytes look like text: no control characters in them, or UTF-16's zeros beside a byte order mark."""
    sample = content[:SAMPLE]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    controls = len(sample) - len(sample.translate(None, CONTROLS))
    return controls == 0 or (sample.count(0) == controls and sample.count(0) * 3 >= len(sample))
