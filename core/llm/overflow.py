"""How endpoints say that a prompt does not fit, or that the answer's limit does not, and the figures that they tell."""

from collections.abc import Iterator
from itertools import islice

import re2

OVERFLOW = re2.compile(
    r"context_length_exceeded|context_window_exceeded|exceed_context_size|string_above_max_length|context overflow"
    r"|(?:maximum|max) (?:context|prompt|input|model|sequence|allowed input) (?:length|tokens?|window)"
    r"|exceed\w* .{0,40}(?:context|token limit|maximum number of (?:input )?tokens|input limit)"
    r"|exceed\w* .{0,40}(?:max|maximum|allowed) length"
    r"|context (?:length|window|size|limit)\b.{0,40}exceed|(?:larger|greater|longer) than the .{0,20}context"
    r"|(?:prompt|input|request|messages?|body|conversation|history) (?:is |are |was )?too (?:long|large)"
    r"|too many (?:input )?tokens|shorten (?:your|the) (?:prompt|input|message)|out of context\b|context (?:is )?full"
    r"|(?:prompt|input|conversation|request)\b.{0,20}exceed\w* .{0,40}(?:max|maximum|allowed) size|max_total_tokens"
    r"|expected maxlength|session_len|more than max tokens|(?:context window"
    r"|kv cache) is full"  # Bedrock, LMDeploy, GLM
    # in Chinese: a length beyond, what is beyond a length, an input too long
    r"|(?:\x{957f}\x{5ea6}|\x{4e0a}\x{4e0b}\x{6587}|tokens?).{0,8}\x{8d85}|\x{8d85}(?:\x{8fc7}|\x{51fa}).{0,12}(?:\x{957f}\x{5ea6}|\x{4e0a}\x{4e0b}\x{6587}|token)"
    r"|(?:\x{8f93}\x{5165}|\x{5185}\x{5bb9}|\x{63d0}\x{793a}\x{8bcd}|\x{4e0a}\x{4e0b}\x{6587}|prompt).{0,6}\x{8fc7}\x{957f}"
    r"|input token count|reduce the length of|too large for model with|'messages[^']*': (?:array|string) too long"
    r"|context the overflows|range of input length|token count of \d+ exceeds"  # LM Studio, DashScope, Copilot
    r"|inputs\W{0,2} must have less than|inputs\W{0,2} tokens \+ "  # TGI
    r"|max_\w*tokens must be at least 1, got -"  # vLLM: what the prompt leaves for the answer is below nothing
    r"|contextwindowexceeded|max(?:imum)? input (?:tokens|characters)"  # LiteLLM, Baidu
)
# In whatever other words: a length that is told, and that it is too much, close to each other.
LENGTH = (
    r"(?:\bcontext\b|\btokens\b|\bprompt_tokens\b|\bmessage\b|max_seq_len|max_input_len|max_num_tokens|max_length"
    r"|max model len|\bn_ctx\b|(?:prompt|input|messages?|sequence|model|token)(?: text)?[ _](?:length"
    r"|token|size|limit))"
)
EXCESS = (
    r"(?:exceed|too (?:long|large|many|big)|(?:longer|larger|greater|more) than|less than| [<>]=? "
    r"|(?:does not|doesn't|cannot|unable to|failed to) fit|must be in|at most|maximum supported|the context window is"
    r"|only (?:supports?|handles?|accepts?|allows?)|can only|but the (?:limit|maximum)|\bbeyond\b)"
)
OTHER_OVERFLOW = re2.compile(rf"{LENGTH}.{{0,60}}{EXCESS}|{EXCESS}.{{0,60}}{LENGTH}")
ANSWER_LIMIT = re2.compile(
    r"max_\w*tokens.{0,40}(?:too large|less than|<=|at most|exceed|valid range)"  # OpenAI, Groq, DeepSeek
    r"|range of \W?max_\w*tokens|max_\w*tokens\W{1,3}\d+ >"  # DashScope, Anthropic
)
# In this order, with what stands before the figure and the figure in groups; the words are those of the servers that
# refusals.py names.
WINDOW_FIGURES = (
    re2.compile(r"(\[)\s?\d+\s?,\s?(\d{3,9})\s?\]"),  # DashScope: a range
    re2.compile(r"(>) (\d{3,9})"),  # Anthropic: 190000 + 20000 > 200000
    re2.compile(r"(?:context (?:length|size|window|limit)|(?:prompt|input) limit)(\D{0,30}?)(\d{3,9})"),
    re2.compile(r"\bmax(?:imum)?\b\D{0,50}?(?:length|tokens|window|size|input|allowed)(\D{0,20}?)(\d{3,9})"),
    re2.compile(r"max[_ ](?:seq_len|input_len|num_tokens|length|model.len)(\D{1,4})(\d{3,9})"),  # TensorRT-LLM
    re2.compile(r"()(\d{3,9}) (?:tokens? )?max(?:imum)?\b"),
    re2.compile(r"(?:<=|less than|cannot exceed|must not exceed)( )(\d{3,9})"),  # TGI, Cohere
    re2.compile(r"\bn_ctx(\D{1,4})(\d{3,9})"),
    re2.compile(r"\blimit( of|:| is| for this model is|) ?(\d{3,9})"),  # Groq: one minute's tokens; Cohere
)
PROMPT_FIGURES = (
    re2.compile(r"()(\d{3,9}) (?:tokens )?(?:in|from) (?:the |your )?(?:messages|prompt|input)"),
    re2.compile(r"\bn_prompt_tokens(\D{1,4})(\d{3,9})"),
    re2.compile(r"(?:resulted in|contains|given:|received|passed|the first)( at least| about|)\s*(\d{3,9})"),
    re2.compile(r"(?:token count|input length|current length|too long|request|input|prompt)( is| of|:|) \(?(\d{3,9})"),
    re2.compile(r"requested( about|)\s*(\d{3,9}) tokens"),
    re2.compile(r"()(\d{3,9}) (?:tokens |\+ \d+ )?>"),
)
# What stands between is by how much, or a name, or what is counted is no tokens.
NO_LIMIT = re2.compile(r"\b(?:by|code|error|id|status|exceed\w*|characters)\b")
FIGURE = re2.compile(r"(\b(?:by|code|error|id|status)\W{1,3}|[-\w.])?\b(\d{3,9})\b(?: (?:characters|bytes|images))?")
SUM = re2.compile(r"\b(?:output|completion|total)\b")  # a figure may be that of prompt and answer together
MOST_FIGURES = 8  # that one complaint is looked through for
GROUPED = re2.compile(r"(\d)[,_](\d{3})(\b|_)")
THOUSANDS = re2.compile(r"\b(\d{1,4})k\b")


def overflow_figures(message: str) -> tuple[int | None, int | None]:
    """Return the window and the prompt's length that an overflow tells, in tokens; None for what it does not."""
    said = THOUSANDS.sub(r"\g<1>000", message.lower())
    for _ in range(2):  # a group's end is the next one's beginning
        said = GROUPED.sub(r"\1\2\3", said)
    window = next(_figures(WINDOW_FIGURES, said), None)
    prompts = (figure for figure in _figures(PROMPT_FIGURES, said) if figure != window)
    prompt = next((figure for figure in prompts if figure > (window or 0) // 2), None)
    return _complete(window, prompt, said)


def _complete(window: int | None, prompt: int | None, said: str) -> tuple[int | None, int | None]:
    """Return both figures: where words tell one or none of them, the two that stand there are a limit and more."""
    found = islice(FIGURE.finditer(said), MOST_FIGURES)
    standing = {int(match[2]) for match in found if not match[1] and match[0].endswith(match[2])}
    if len(standing) != 2 or (window and prompt) or not {window, prompt} <= standing | {None} or SUM.search(said):
        return window, prompt
    return (window, prompt) if window == max(standing) or prompt == min(standing) else (min(standing), max(standing))


def _figures(patterns: tuple[re2._Regexp, ...], said: str) -> Iterator[int]:
    matches = (match for pattern in patterns for match in pattern.finditer(said))
    return (int(match[2]) for match in matches if not NO_LIMIT.search(match[1]))
