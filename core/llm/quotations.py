"""What an endpoint's words quote of what it was sent, taken out of them in linear time."""

SHORTEST_LINE = 4  # characters of a line that is recognised as a whole
RUN = 16  # as many characters in a row are a quotation, wherever they stand
STEP = RUN // 2  # every run of that length holds one of the windows that are looked for
MOST_PLACES = 4  # at which one window is tried
LABEL = "(text)"


def redact_quotations(text: str, private: str) -> str:
    r"""Return a text with what it quotes of `private` taken out: whole lines of it, and runs of 16 characters.

    Case makes no difference, nor does it whether what is not ASCII is written as `\u00e4`.
    """
    if not private:
        return text
    text = _unescape_text(text)
    said, kept = _lower_letters(text), _lower_letters(private)
    places, lines = _windows(kept), {line.strip() for line in kept.splitlines()}
    lines = {line for line in lines if SHORTEST_LINE <= len(line) < RUN}
    shown, place = [], 0
    while place < len(text):
        end = max(_run_end(said, kept, place, places), _line_end(said, place, lines))
        shown.append(LABEL if end else text[place])
        place = end or place + 1
    return "".join(shown)


def _lower_letters(text: str) -> str:
    """Return a text in lower case, letter by letter, so that places in it stay what they were."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(each.lower()[0] for each in text)


def _unescape_text(text: str) -> str:
    if "\\u" not in text:
        return text
    head, *parts = text.split("\\u")
    return head + "".join(_letter(part) for part in parts)


def _letter(part: str) -> str:
    code = part[:4]
    is_code = len(code) == 4 and all(each in "0123456789abcdefABCDEF" for each in code)
    return chr(int(code, 16)) + part[4:] if is_code and not 0xD800 <= int(code, 16) < 0xE000 else f"\\u{part}"


def _windows(kept: str) -> dict[str, list[int]]:
    """Return where in a text each of its windows stands, taken one behind the other."""
    places: dict[str, list[int]] = {}
    for start in range(0, len(kept) - STEP + 1, STEP):
        found = places.setdefault(kept[start : start + STEP], [])
        if len(found) < MOST_PLACES:
            found.append(start)
    return places


def _run_end(said: str, kept: str, place: int, places: dict[str, list[int]]) -> int:
    """Return where a quotation that begins at `place` ends, 0 where none does."""
    longest = 0
    for before in range(STEP):  # the first whole window of the quotation
        for start in places.get(said[place + before : place + before + STEP], ()):
            if start >= before and said[place : place + before] == kept[start - before : start]:
                longest = max(longest, _common(said, kept, place, start - before))
    return place + longest if longest >= RUN else 0


def _common(said: str, kept: str, one: int, other: int) -> int:
    """Return how many characters are the same from two places on."""
    length = step = RUN
    if said[one : one + RUN] != kept[other : other + RUN] or len(said) - one < RUN:
        return 0
    while step:
        if said[one + length : one + length + step] == kept[other + length : other + length + step] != "":
            length += len(said[one + length : one + length + step])
            continue
        step //= 2
    return length


def _line_end(said: str, place: int, lines: set[str]) -> int:
    sizes = range(RUN - 1, SHORTEST_LINE - 1, -1)
    return next((place + size for size in sizes if said[place : place + size] in lines), 0)
