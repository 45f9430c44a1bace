"""The macros in cards, put in once: what they leave to chance stays as it came out while a conversation lasts.

Card specification V3, Curly braced syntaxes. A macro that is not known stays as it was written.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

MACRO = re.compile(r"\{\{([^{}]*+)\}\}")
TAG = re.compile(r"<(bot|char|user)>", re.IGNORECASE)
DICE = re.compile(r"(\d{0,2})d?(\d{1,6})", re.IGNORECASE)
LAYERS = 4  # of macros within macros
BRACES = str.maketrans("", "", "{}")


@dataclass(frozen=True, slots=True)
class MacroValues:
    """What macros stand for: the character's name, the word for whom it talks with, and what decides chance."""

    character: str
    user: str
    seed: str

    def put_into(self, text: str) -> str:
        """Return a text with its macros put in, inner ones first; it grows no further than they can make it."""
        text = TAG.sub(lambda tag: self._name_of(tag[1].casefold()), text)
        for layer in range(LAYERS):
            filled = MACRO.sub(partial(self._fill, layer), text)
            if filled == text:
                break
            text = filled
        return text

    def _name_of(self, word: str) -> str:
        return (self.user if word == "user" else self.character).translate(BRACES)

    def _fill(self, layer: int, macro: re.Match[str]) -> str:
        body = macro[1].strip()
        if body.casefold() in {"char", "user", "bot"}:
            return self._name_of(body.casefold())
        if body.startswith("//") or body.casefold() == "original":
            return ""  # a remark; and what stands above the card anyway
        name, _, rest = body.partition(":")
        fill = FILLED.get(name.strip().casefold())
        if fill is None:
            return macro[0]
        return fill(rest.strip(), f"{self.seed}/{layer}/{macro.start()}/{body}")


def _pick_one(rest: str, seed: str) -> str:
    separator = "::" if "::" in rest else ","
    options = [each.replace("\0", ",").strip() for each in rest.replace("\\,", "\0").split(separator)]
    return options[_number_below(len(options), seed)]


def _roll_dice(rest: str, seed: str) -> str:
    dice = DICE.fullmatch(rest.strip())
    if not dice:
        return ""
    rolls = range(int(dice[1] or 1) if "d" in rest.casefold() else 1)
    sides = int(dice[2] if "d" in rest.casefold() else dice[0])
    return str(sum(1 + _number_below(max(sides, 1), f"{seed}/{roll}") for roll in rolls))


def _number_below(bound: int, seed: str) -> int:
    """Return the same number for the same seed, from 0 on."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") % bound


def _leave_out(_: str, __: str) -> str:
    return ""


FILLED: Mapping[str, Callable[[str, str], str]] = {
    "random": _pick_one,
    "pick": _pick_one,
    "roll": _roll_dice,
    "reverse": lambda rest, _: rest[::-1],
    "comment": _leave_out,
    "hidden_key": _leave_out,
}
