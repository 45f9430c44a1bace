"""How endpoints say that a prompt does not fit, and the figures that they tell with it."""

import re2

OVERFLOW = re2.compile(
    r"context_length_exceeded|context_window_exceeded|exceed_context_size|string_above_max_length"
    r"|(?:maximum|max) (?:context|prompt|input|model|sequence|allowed input) (?:length|tokens?|window)"
    r"|exceed\w* .{0,40}(?:context|token limit|maximum number of (?:input )?tokens|input limit)"
    r"|context (?:length|window|size|limit)\b.{0,40}exceed|(?:larger|greater) than the .{0,20}context|context overflow"
    r"|(?:prompt|input|request|messages?) (?:is |are |was )?too (?:long|large)|too many (?:input )?tokens"
    r"|input token count|reduce the length of|too large for model with|'messages[^']*': (?:array|string) too long"
)
# In this order, with the figure in a group; the words are those of the servers that refusals.py names.
WINDOW_FIGURES = (
    re2.compile(r"\bmax(?:imum)?\b\D{0,50}?(?:length|tokens|window|size|input|allowed)\D{0,20}?(\d{3,9})"),
    re2.compile(r"(\d{3,9}) (?:tokens? )?max(?:imum)?\b"),
    re2.compile(r"(?:context|prompt|input) (?:length|size|window|limit)\D{0,30}?(\d{3,9})"),
    re2.compile(r"\bn_ctx\D{1,4}(\d{3,9})"),
    re2.compile(r"\blimit\D{0,4}(\d{3,9})"),  # Groq: more than one minute's tokens
)
PROMPT_FIGURES = (
    re2.compile(r"(\d{3,9}) in (?:the )?(?:messages|prompt|input)"),
    re2.compile(r"\bn_prompt_tokens\D{1,4}(\d{3,9})"),
    re2.compile(
        r"(?:resulted in|requested(?: about)?|contains|token count \(?|request \(|input length|too long:?)\s*(\d{3,9})"
    ),
)
GROUPED = re2.compile(r"(\d)[,_](\d{3})")


def overflow_figures(message: str) -> tuple[int | None, int | None]:
    """Return the window and the prompt's length that an overflow tells, in tokens; None for what it does not."""
    said = message.lower()
    for _ in range(2):  # a group's end is the next one's beginning
        said = GROUPED.sub(r"\1\2", said)
    window, prompt = (_first_figure(patterns, said) for patterns in (WINDOW_FIGURES, PROMPT_FIGURES))
    return window, prompt if prompt and prompt > (window or 0) // 2 else None


def _first_figure(patterns: tuple[re2._Regexp, ...], said: str) -> int | None:
    found = (match for pattern in patterns if (match := pattern.search(said)))
    return next((int(match[1]) for match in found), None)
