"""Whether the settings say what they mean: misspelt names, lines of .env that are none, and every fault."""

import io
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import re2
from dotenv.parser import Binding, parse_stream

from bots.doctor.check import Check, Outcome
from bots.platforms import PLATFORMS
from bots.settings import Settings
from core.errors import SettingsError

# What other programs call a setting of ours, beside the platforms' own; what is misspelt is found by its likeness.
ALIASES = {
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "OPENAI_API_URL": "OPENAI_BASE_URL",
    "OPENAI_URL": "OPENAI_BASE_URL",
    "OPENAI_ENDPOINT": "OPENAI_BASE_URL",
    "OPENAI_HOST": "OPENAI_BASE_URL",
    "OPENAI_KEY": "OPENAI_API_KEY",
    "OPENAI_TOKEN": "OPENAI_API_KEY",
    "OPENAI_API_MODEL": "OPENAI_MODEL",
    "OPENAI_MODEL_NAME": "OPENAI_MODEL",
    "MODEL": "OPENAI_MODEL",
    "DATABASE_URL": "CONFAB_DATABASE",
}
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
LIKE = 0.85  # how like a name is to one of ours that is meant, from 0 to 1
COLON = re2.compile(r"^\s*(?:export\s+)?([A-Za-z][A-Za-z0-9_]*)\s*:")
TYPESET = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"  # quotation marks that a word processor makes
EXAMPLE = "Correct it in .env or in the environment; .env.example tells what each setting means."


def check_settings(given: Mapping[str, str], file: str) -> tuple[Settings | None, list[Check]]:
    """Return the settings, None where they cannot be used, and what is to be said of them.

    `given` are names and values from the file and the environment; `file` is the text of .env, empty without one.
    """
    found = [*_check_lines(file), *_check_repeated(parse_stream(io.StringIO(file)))]
    found += [*_check_names(given), *_check_certificates(given)]
    try:
        settings = Settings.load(given)
    except SettingsError as error:
        return None, [*found, *(Check("settings", "fail", fault, EXAMPLE) for fault in error.faults)]
    return settings, found or [Check("settings", "ok", "The settings can be used.")]


def _check_lines(file: str) -> Iterator[Check]:
    """Yield what is wrong with lines of .env, by their numbers."""
    for binding in parse_stream(io.StringIO(file)):
        text = binding.original.string.strip()
        line = binding.original.line + binding.original.string.partition(text)[0].count("\n")
        if not text or text.startswith("#"):
            continue
        if colon := COLON.match(text):
            told = f"Line {line} of .env has a colon behind {colon[1]}: it is not read."
            yield Check("settings.file", "fail", told, f"Write {colon[1]}= with an equals sign.")
        elif binding.error or binding.value is None:
            told = f"Line {line} of .env is no setting: it is not read."
            yield Check("settings.file", "fail", told, "Write NAME=value, and # before a remark.")
        elif binding.value[:1] in TYPESET and binding.value:
            told = f"Line {line} of .env has typographic quotation marks, which become a part of {binding.key}."
            yield Check("settings.file", "fail", told, "Write it without them, or with straight ones.")


def check_encoding(content: bytes) -> list[Check]:
    """Return what is wrong with the bytes of .env: nothing else reads more than UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        told, mend = ".env is UTF-16, of which nothing is read.", "Save it as UTF-8 (in PowerShell, -Encoding utf8)."
        return [Check("settings.file", "fail", told, mend)]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [Check("settings.file", "fail", f"Line {line} of .env is not UTF-8.", "Save the file as UTF-8.")]
    return []


def _check_repeated(bindings: Iterable[Binding]) -> Iterator[Check]:
    """Yield the names that several lines set to different values, of which the last one counts."""
    lines = dict[str, list[tuple[int, str]]]()
    for each in bindings:
        if each.key and each.value:
            text = each.original.string
            at = each.original.line + text.partition(text.strip())[0].count("\n")
            lines.setdefault(each.key, []).append((at, each.value))
    for name, found in lines.items():
        if len({value for _, value in found}) > 1:
            told = f"{name} stands in lines {', '.join(str(line) for line, _ in found)} of .env: the last one counts."
            yield Check("settings.file", "warn", told, "Leave one of them.")


def _check_certificates(given: Mapping[str, str]) -> Iterator[Check]:
    """Yield the variables that name certificates where there are none: nothing is reached over TLS then."""
    for name in CERTIFICATES:
        if (place := given.get(name)) and not Path(place).exists():
            mend = f"Correct {name}, or unset it: the machine's own certificates hold then."
            yield Check("settings.names", "fail", f"{name} names {place}, which is not there.", mend)


def _check_names(given: Mapping[str, str]) -> Iterator[Check]:
    """Yield the names that are no setting but look like one; those that begin with CONFAB_ are faults anyway."""
    names = Settings.names()
    aliases = _aliases()
    for name in given:
        if name in names or name.startswith("CONFAB_"):
            continue
        near = get_close_matches(name.upper(), names, n=1, cutoff=LIKE) if "_" in name else []
        if meant := aliases.get(name.upper()) or next(iter(near), ""):
            outcome: Outcome = "warn" if given.get(meant) else "fail"
            yield Check("settings.names", outcome, f"{name} is not read.", f"If it is meant for Confab: {meant}=")


def _aliases() -> dict[str, str]:
    """Return what other programs call a setting of ours; what two platforms' do, leads to either."""
    aliases = dict(ALIASES)
    for alias, name in ((alias, name) for each in PLATFORMS for alias, name in each.section.aliases.items()):
        aliases[alias] = f"{aliases[alias]} or {name}" if alias in aliases else name
    return aliases
