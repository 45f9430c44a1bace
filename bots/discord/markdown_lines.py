"""One line of Markdown as Discord shows it, which knows less of it than models write (Discord, Markdown Text 101)."""

import re
from typing import Any

import re2  # linear in time, as a model's text is anybody's

SMALL_HEADING = re2.compile(r"^ {0,3}#{4,6}[ \t]+(.*?)[ \t#]*$")
RULE = re2.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|<hr\s*/?>)[ \t]*$")
DRAWN_RULE = "\u2500" * 16
DEEP_QUOTE = re2.compile(
    r"^ {0,3}>(?:>[> \t]*| [> \t]*>[> \t]*)"
)  # Discord knows one level, and `>>>` takes all that follows
TASK = re2.compile(r"^([ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[([ xX])\][ \t]")
TASK_SIGNS = {" ": "\u2610", "x": "\u2611", "X": "\u2611"}
FOLDED = re2.compile(
    r"^[ \t]*(?:</?details[^<>]*>[ \t]*)*$"
)  # whole lines alone, lest words are joined that nobody checked
SUMMARY = re2.compile(r"^[ \t]*(?:<details[^<>]*>)?[ \t]*<summary>(.*)</summary>[ \t]*$")
LINE_BREAK = re2.compile(r"(?i)<br\s*/?>")
SPACE = re2.compile(r"&nbsp;")
IMAGE = re2.compile(r"!\[([^\[\]\n]*)\]\((?:<([^<>\n]*)>|([^()\s]*))(?:\s[^()\n]*)?\)")
LINKED_IMAGE = re2.compile(r"\[!\[([^\[\]\n]*)\]\([^()\n]*\)\]\(")  # a picture that links to something, as a badge
UNNAMED = "link"  # a picture that links to something and has no name of its own
PLAIN = re2.compile(r"<|!\[|&nbsp;")  # without one of these a line has nothing but its beginning that Discord lacks

# What a line that grows may still turn into: as a whole, and at its end.
BEGUN = re2.compile(
    r"^(?: {0,3}(?:#{1,3}$|#{4,})|[-*_>\s]*$|[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?$|[ \t]*</?[dsh])"
)
UNSURE = re2.compile(
    r"\[!\[[^\]\n]*\]\([^()\n]*\)\]?$|!(?:\[[^\]\n]*(?:\](?:\([^)\n]*)?)?)?$|<[a-zA-Z]{0,2}\s*/?$|`[^`\n]*$|&[nbsp]{0,4}$"
)


def render_line(line: str) -> str | None:
    """Return a line outside of code blocks and tables, None where Discord has nothing to show for it.

    What stands in backticks stays.
    """
    if heading := SMALL_HEADING.match(line) or SUMMARY.match(line):
        return f"**{heading.group(1).replace('**', '')}**"
    if RULE.match(line):
        return DRAWN_RULE
    if "<" in line and FOLDED.match(line):
        return None
    line = DEEP_QUOTE.sub("> ", line) if ">" in line else line
    line = TASK.sub(lambda task: f"{task.group(1)}{TASK_SIGNS[task.group(2)]} ", line) if "[" in line else line
    if not PLAIN.search(line):
        return line
    spans = line.split("`")
    return "`".join(span if number % 2 else _render_span(span) for number, span in enumerate(spans))


def render_sure(line: str) -> str:
    """Return the beginning of a line that grows which no later letter can change."""
    if "|" in line or BEGUN.match(line):
        return ""
    unsure = UNSURE.search(line)
    return render_line(line[: unsure.start()] if unsure else line) or ""


def _render_span(text: str) -> str:
    text = LINKED_IMAGE.sub(lambda image: f"[{image.group(1) or UNNAMED}](", LINE_BREAK.sub("\n", text))
    return str(SPACE.sub(" ", IMAGE.sub(_render_image, text)))


def _render_image(image: Any) -> str:
    label, target = image.group(1), image.group(2) or image.group(3) or ""
    shown = f"<{target}>" if re.search(r"\s", target) else target
    return f"[{label}]({shown})" if label else target
