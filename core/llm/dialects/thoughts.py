"""How models mark their thoughts within an answer, and the filter that takes these out as the answer comes."""

import re
from collections.abc import Iterable

import re2

# The marks between which a model thinks, in lower case: their case makes no difference.
# Names of tags: DeepSeek R1, Qwen, GLM, MiniMax and most others; Gemini's compatible address (`thought`); Seed-OSS;
# LongCat; Claude (`antthinking`). The rest are what prompts ask for, and models keep to. Any of them ends any other.
TAGS = (
    "think", "thinking", "thought", "thoughts", "reasoning", "reflection", "reasoning_content", "internal_reasoning",
    "seed:think", "mm:think", "longcat_think", "ant:thinking", "antthinking", "thought_process", "thinking_process",
    "chain_of_thought", "cot", "inner_thoughts", "inner_monologue", "internal_monologue", "scratchpad", "analysis",
)  # fmt: skip
TAG_ENDS = frozenset(f"</{name}>" for name in TAGS)
# What such words become as a model's own tokens: OpenThinker (`<|begin_of_thought|>`), Cohere (`<|start_thinking|>`),
# Mistral's Magistral (`[think]`), and their like.
TOKEN_FORMS = (
    ("<|{}|>", "<|/{}|>"), ("<|begin_of_{}|>", "<|end_of_{}|>"), ("<|start_of_{}|>", "<|end_of_{}|>"),
    ("<|begin_{}|>", "<|end_{}|>"), ("<|start_{}|>", "<|end_{}|>"), ("<|{}_start|>", "<|{}_end|>"), ("[{}]", "[/{}]"),
)  # fmt: skip
TOKEN_NAMES = ("think", "thinking", "thought", "reasoning")
TOKEN_PAIRS = {opens.format(name): ends.format(name) for opens, ends in TOKEN_FORMS for name in TOKEN_NAMES}
FOLDED = ("thought", "thinking", "reasoning")  # what begins the summary of a part that pages fold away
PAIRS = {
    **{f"<{name}>": f"</{name}>" for name in TAGS},
    **{f"<{name} ": f"</{name}>" for name in TAGS[:5]},  # with attributes
    **TOKEN_PAIRS,
    "\u25c1think\u25b7": "\u25c1/think\u25b7",  # Kimi-VL
    "<unused94>": "<unused95>",  # MedGemma
    "<ctrl94>": "<ctrl95>",  # Gemini
    "<|channel>thought": "<channel|>",  # Gemma 4
    "<|inner_prefix|>": "<|inner_suffix|>",  # Apertus
    "<|think|>": "<|end|>",  # Solar Open
    "<|im_start|>think": "<|im_end|>",  # models that think in a message of its own
    '<details type="reasoning"': "</details>",  # Open WebUI
    **{f"<details>{blank}<summary>{word}": "</details>" for blank in ("", "\n") for word in FOLDED},
}
# OpenAI's harmony format (gpt-oss): a channel's name, a message, an end; what is for people is in the channel `final`.
FINAL, CHANNEL, START, MESSAGE = "<|channel|>final", "<|channel|>", "<|start|>", "<|message|>"
ENDS = ("<|end|>", "<|return|>", "<|call|>")
# Marks that stand round what is for people, or between thoughts and it.
SILENT = (
    *ENDS, MESSAGE, "<|start_response|>", "<|end_response|>", "<|start_text|>", "<|end_text|>", "<|content|>",
    "<|begin_of_solution|>", "<|end_of_solution|>", "<think/>", "<think />", "<|im_start|>assistant",
    "<|im_start|>answer",
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>", "<turn|>",
    "<|eot|>", "<|begin_of_box|>", "<|end_of_box|>", "[begin final response]", "[end final response]",
)  # fmt: skip
# Silent behind a thought: Hunyuan, ERNIE, and what prompts ask for.
BEHIND_THOUGHTS = frozenset(
    f"<{end}{name}>" for end in ("", "/") for name in ("answer", "response", "final", "final_answer", "output")
)
# gpt-oss where a server takes harmony's marks away: `analysisWe need…assistantfinalYes.`; Granite's thoughts in prose.
BARE: dict[str, frozenset[str]] = {
    **{f"analysis{letter}": frozenset({"assistantfinal"}) for letter in "abcdefghijklmnopqrstuvwxyz\n"},
    "assistantanalysis": frozenset({"assistantfinal"}),
    **dict.fromkeys(
        ("thinking...\n", "thinking\u2026\n"), frozenset({"done thinking.", "done thinking\n"})
    ),  # Ollama's
    **dict.fromkeys(
        ("here is my thought process:", "here's my thought process:"),
        frozenset({"here is my response:", "here's my response:"}),
    ),
    "here are my reasoning steps:": frozenset({"[begin final response]"}),  # Apriel
}


LONE = frozenset(PAIRS.values()) - {"<|end|>", "<|im_end|>", "</details>"}
CLOSERS: dict[str, frozenset[str]] = {
    **{opener: TAG_ENDS if closer in TAG_ENDS else frozenset({closer}) for opener, closer in PAIRS.items()},
    CHANNEL: frozenset({FINAL, *ENDS}),
    START: frozenset({FINAL, CHANNEL, MESSAGE}),
    FINAL: frozenset({MESSAGE}),
    "<|begin|>": frozenset({"<|content|>"}),  # Solar Open: whose words follow
    **BARE,
}
MARKS = frozenset({*CLOSERS, *LONE, *SILENT, *BEHIND_THOUGHTS})
LONGEST_MARK = max(map(len, MARKS))
BEGINNINGS = frozenset(mark[:length] for mark in MARKS for length in range(1, len(mark) + 1))
BEFORE_PROSE = frozenset(" \"'(\u201c\u2018")
AFTER_PROSE = frozenset(".,;:!?)\"'\u201d\u2019")  # round a mark that is only spoken of
LONGEST_FENCE = 10
MOST_BLANKS = 1_000  # that are kept from before the first word
THINKERS = re2.compile(r"(?i)\b(?:r1|qwq|qvq|z1|exaone-deep)\b|thinking|reason")  # in models' names


def _one_of(marks: Iterable[str]) -> str:
    """Return a pattern for the longest of these that fits: letter by letter, so that none is read twice."""
    rests: dict[str, list[str]] = {}
    for mark in sorted(marks):
        rests.setdefault(mark[:1], []).append(mark[1:])
    may_end = rests.pop("", None)
    branches = "|".join(f"{re.escape(letter)}{_one_of(rest)}" for letter, rest in rests.items())
    return f"(?:{branches}){'?' if may_end else ''}" if branches else ""


# Fixed words alone, one of few characters first: nothing here can be slower than linear.
FIRSTS = re.escape("".join(sorted({mark[0] for mark in MARKS})))
TOKENS = re.compile(rf"(?=[{FIRSTS}`~])(?:{_one_of(MARKS)}|`+|~~~+)", re.IGNORECASE)
ENDINGS = {mark: re.compile(_one_of(ends), re.IGNORECASE) for mark, ends in CLOSERS.items()}


def is_thinker(model: str) -> bool:
    """Whether a model's name says that its answers may begin in the midst of a thought."""
    return THINKERS.search(model) is not None


class ThoughtFilter:
    """Takes the thoughts out of one answer as it comes, and leaves what stands in code.

    An end without a beginning makes all before it a thought. Where some of that was shown, `is_taken_back` is set:
    what is returned then takes the place of all that was returned before.
    """

    def __init__(self) -> None:
        self.is_taken_back = False
        self.is_primed = False  # whether the answer began in a thought
        self.has_thought = False
        self._is_doubted = False  # whether a thought may have ended again, so that all before belongs to it
        self._held = ""  # what may be the beginning of a mark
        self._mark = ""  # what began the thought that we are in
        self._spoken: list[str] | None = None  # what is shown after all if the thought never ends
        self._lead = ""  # blanks before the first word
        self._visible = False
        self._code = ""  # the run of marks that opened the code we are in
        self._is_fenced = False
        self._line = ""  # the end of the line that was shown last

    def filter_piece(self, piece: str) -> str:
        """Return what can be shown now that `piece` has come."""
        return self._read(self._held + piece, ended=False)

    def filter_rest(self, *, is_cut: bool) -> str:
        """Return what is left when the answer has ended; `is_cut` where it ended at its limit, maybe in a thought."""
        shown = self._read(self._held, ended=True)
        if not self._mark or self._spoken is None or is_cut:
            return shown
        self._mark = ""
        return shown + "".join([*self._spoken, self._held])

    def _read(self, text: str, *, ended: bool) -> str:
        """Return what of a text can be shown; what cannot be told yet is held."""
        shown: list[str] = []
        place = 0
        while place < len(text):
            end = self._skip(text, place, ended) if self._mark else self._take(text, place, ended, shown)
            if end is None:
                break
            place = end
        else:
            self._held = ""
        return "".join(shown)

    def _take(self, text: str, place: int, ended: bool, shown: list[str]) -> int | None:
        """Show the text up to the next mark and take that; return where to read on, None where more has to come."""
        found = TOKENS.search(text, place)
        start = found.start() if found else len(text) - (0 if ended else _unfinished_length(text[place:]))
        self._show(text[place:start], shown)
        if found is None or (not ended and _may_grow(text, found)):
            self._held = text[start:]
            return None
        mark = found[0].lower()
        if mark[0] in "`~":
            self._note_code(mark)
            self._show(found[0], shown)
        elif self._is_text(mark, text[found.end() : found.end() + 1]):
            self._show(found[0], shown)
        elif mark in CLOSERS:
            is_sure = not self._line.strip() and mark not in BARE
            self._mark, self._spoken = mark, None if is_sure else [found[0]]
        elif mark in LONE and self.has_thought:
            self._is_doubted = True  # as of thoughts within thoughts; at the very end it is a slip
        elif mark in LONE:
            self.is_primed = True
            self._take_back(shown)
        return found.end()

    def _skip(self, text: str, place: int, ended: bool) -> int | None:
        """Drop a thought up to its end; return where to read on, None where more has to come."""
        found = ENDINGS[self._mark].search(text, place)
        if found is None or (not ended and _may_grow(text, found)):
            end = max(place, (found.start() if found else len(text)) - LONGEST_MARK)
            self._drop(text[place:end])
            self._held = text[end:]
            return None
        self._drop(text[place : found.end()])
        if not (text[found.start() - 1 : found.start()] == "`" == text[found.end() : found.end() + 1]):
            mark = found[0].lower()
            self._mark, self._spoken, self.has_thought = mark if mark in CLOSERS else "", None, True
        return found.end()

    def _take_back(self, shown: list[str]) -> None:
        """Find that all before was a thought."""
        self.is_taken_back = self.is_taken_back or self._visible
        shown.clear()
        self._visible, self.has_thought, self._line, self._lead = False, True, "", ""

    def _is_text(self, mark: str, after: str) -> bool:
        """Whether a mark is only spoken of, or stands in code."""
        if self._code or (mark in BEHIND_THOUGHTS and not self.has_thought):
            return True
        if mark in BARE:
            return self._visible or bool(self._line.strip())
        follows = AFTER_PROSE | {" "} if self.has_thought and mark in LONE else AFTER_PROSE
        return bool(self._line.strip()) and self._line[-1] in BEFORE_PROSE and after in follows

    def _drop(self, text: str) -> None:
        if self._spoken is not None:
            self._spoken.append(text)

    def _show(self, text: str, shown: list[str]) -> None:
        if self._is_doubted and text.strip():
            self._is_doubted = False
            self._take_back(shown)
        _, line_end, last = text.rpartition("\n")
        self._line = (last if line_end else self._line + last)[-LONGEST_MARK:]
        if line_end and not self._is_fenced:
            self._code = ""  # code within a line ends with it
        if not self._visible:
            text = self._lead + text
            self._visible, self._lead = bool(text.strip()), text[-MOST_BLANKS:]
        if self._visible:
            # What parts a thought from the answer is no part of it.
            shown.append(text.lstrip() if self._lead and self.has_thought else text)
            self._lead = ""

    def _note_code(self, run: str) -> None:
        """Open or close code: a fence of three marks or more on a line of its own, or the same run within a line."""
        is_fence = len(run) >= 3 and not self._line.strip()
        if not self._code:
            self._code, self._is_fenced = (run if is_fence or run[0] == "`" else ""), is_fence
        elif (is_fence and run.startswith(self._code)) if self._is_fenced else run == self._code:
            self._code, self._is_fenced = "", False


def _may_grow(text: str, found: re.Match[str]) -> bool:
    """Whether more may come that changes how a mark is read: a longer one, or what follows it."""
    if found.end() == len(text):
        return found[0][0] not in "`~" or len(found[0]) < LONGEST_FENCE
    begun = text[found.start() : found.start() + LONGEST_MARK + 1].lower()
    return len(text) - found.start() <= LONGEST_MARK and begun != found[0].lower() and begun in BEGINNINGS


def _unfinished_length(text: str) -> int:
    """Return how many characters at a text's end may be the beginning of a mark."""
    end = text[-LONGEST_MARK:].lower()
    return next((len(end) - at for at in range(len(end)) if end[at:] in BEGINNINGS), 0)
