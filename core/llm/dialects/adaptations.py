"""How a request is changed after an endpoint refused it as it was: one small change a refusal, never twice the same."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import re2

from core.llm.dialects.no_tools import NO_TOOLS_TAKEN, TOOL_CHOICE, without_tools
from core.llm.dialects.phrases import UNTOLD
from core.llm.refusals import Complaint
from core.llm.request import Body

Messages = list[dict[str, Any]]
Parts = list[dict[str, Any]]  # of a message that is more than text

# What may go without changing what is asked. Whatever an operator put into CONFAB_EXTRA_BODY stays, and is refused.
SETTINGS = {
    "stream_options": "",
    "max_tokens": "CONFAB_MAX_TOKENS",
    "max_completion_tokens": "CONFAB_MAX_TOKENS",
    "temperature": "CONFAB_TEMPERATURE",
    "top_p": "CONFAB_TOP_P",
    "presence_penalty": "CONFAB_PRESENCE_PENALTY",
    "frequency_penalty": "CONFAB_FREQUENCY_PENALTY",
    "stop": "CONFAB_STOP",
    "seed": "CONFAB_SEED",
    "logit_bias": "CONFAB_LOGIT_BIAS",
    "n": "CONFAB_N",
    "reasoning_effort": "CONFAB_REASONING_EFFORT",
    "tool_choice": "",
    "user": "CONFAB_USER_SALT",
    "safety_identifier": "CONFAB_USER_SALT",
    "prompt_cache_key": "",
}
LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

UNSUPPORTED = re2.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra[ _](?:inputs|forbidden|fields)|not permitted"
    r"|not allowed|invalid parameter|no longer|deprecated|only the default|not accept|cannot both|not implemented"
)
ONE_ANSWER = re2.compile(
    r"only one (?:completion )?choice|['\"`\s]n['\"`]?\s?(?:[=>]+|must be|should be|: number must be at most) ?1\b"
)  # OpenAI, Groq
ALTERNATE = re2.compile(
    r"(?:roles?|messages?) (?:must|should)(?: strictly)? alternate|multiple (?:user"
    r"|assistant) messages in a row|alternate (?:between|with)|alternating|consecutive (?:user|assistant)"
)
FIRST_USER = re2.compile(r"first message (?:must|should|role|has)")
NO_SYSTEM = re2.compile(
    r"system role (?:is )?not supported|not support (?:the )?'?system'?(?: role| messages?| instructions?| prompts?)?\b"
    r"|invalid (?:value|role)\W{1,3}system\b"
    r"|(?:developer|system) (?:instructions?|messages?|prompts?) (?:is|are) (?:not|n't) (?:enabled|supported|allowed)"
    r"|system (?:message|prompt|role)s? (?:must|should) (?:be|come) (?:at|first)|only one system message"
    r"|system_instructions? (?:is|are) not|\W?system\W? is not one of"
    r"|role must be one of\W{1,4}user\W{1,6}(?:or |and )?\W?assistant"
    r"|only supports? (?:the )?'?user'? and '?assistant'? roles|(?:unexpected|unknown|unsupported) role\W{1,3}system"
    r"|only user,? .{0,40}roles are supported"
)
NO_IMAGES = re2.compile(
    r"not support (?:the )?(?:image|vision|multimodal)|image_url is only supported|not a multimodal|at most 0 image"
    r"|(?:image|vision|multimodal)[\w ]{0,20} (?:is |are )?(?:not|n't) (?:supported|enabled|available)"
    r"|(?:unsupported|unknown) .{0,30}\bimage_url\b|missing data required for image|cannot (?:read|see) image"
    r"|no endpoints found that support image|content must be a string|content.{0,20} should be a valid string"
)
NO_OPENING = re2.compile(
    r"expected last role|must end with a user|last (?:message )?(?:role )?must|(?:message|response) prefill"
    r"|assistant messages at the end"
)

Kind = Literal[
    "drop", "rename", "merge roles", "fold system", "fold and merge", "opening in words", "no images", "no tools"
]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One change to a request's body; `parameter` is what it drops or renames."""

    kind: Kind
    parameter: str = ""

    @property
    def hint(self) -> str:
        """What an operator may do, as one sentence; nothing where there is nothing to do."""
        if self == NO_TOOLS:
            return "This model takes no tools: choose another OPENAI_MODEL if it is to look things up."
        if self == NO_PICTURES:
            return "This model takes no pictures: choose another OPENAI_MODEL if people are to show it any."
        setting = SETTINGS.get(self.parameter) if self.kind == "drop" else None
        return f"This model does not take {setting}: unset it, or choose another OPENAI_MODEL." if setting else ""

    def apply(self, body: Body) -> Body:
        """Return the body with this change; one that needs no change is returned as it is."""
        if self.kind == "drop":
            return {name: value for name, value in body.items() if name != self.parameter}
        if self.kind == "rename":
            return {LIMITS[name] if name == self.parameter else name: value for name, value in body.items()}
        if self == NO_TOOLS:
            return without_tools(body)
        return {**body, "messages": RESHAPED[self.kind](body["messages"])}


NO_PICTURES, NO_TOOLS = Adaptation("no images"), Adaptation("no tools", "tools")
OF_THE_REQUEST = frozenset({UNTOLD, 400, 422})
OF_THE_TEMPLATE = OF_THE_REQUEST | {404, 500}  # where a server's template fails on a request
# The first whose words are said and that makes a difference to the request.
CHANGES: tuple[tuple[re2._Regexp, frozenset[int], Adaptation], ...] = (
    (NO_IMAGES, OF_THE_TEMPLATE | {415}, NO_PICTURES),
    (TOOL_CHOICE, OF_THE_TEMPLATE, Adaptation("drop", "tool_choice")),  # it is newer in a turn than the tools
    (NO_TOOLS_TAKEN, OF_THE_TEMPLATE | {501}, NO_TOOLS),
    (NO_SYSTEM, OF_THE_TEMPLATE, Adaptation("fold system")),
    (ALTERNATE, OF_THE_TEMPLATE, Adaptation("merge roles")),
    (ALTERNATE, OF_THE_TEMPLATE, Adaptation("fold and merge")),  # a system message is one too many for some
    (NO_OPENING, OF_THE_TEMPLATE, Adaptation("opening in words")),
    (FIRST_USER, OF_THE_TEMPLATE, Adaptation("fold and merge")),
    (ONE_ANSWER, OF_THE_REQUEST, Adaptation("drop", "n")),
)


def _name_pattern(name: str) -> str:
    """Return what names a parameter; one that is a word of every day stands in quotes, or where a name does."""
    if name not in EVERYDAY:
        return rf"\b{name.replace('_', '[_ ]?')}\b"
    return (
        rf"['\"`]{name}['\"`]|(?:parameters?|arguments?)\b[^.]{{0,40}}: ?{name}\b"
        rf"|(?:parameter|body) {name}\b|\b{name} sequences?\b"
    )


EVERYDAY = frozenset({"n", "user", "stop", "seed"})
NAMES = {name: re2.compile(_name_pattern(name)) for name in SETTINGS}


def adapt_body(body: Body, adaptations: Iterable[Adaptation]) -> Body:
    """Return the body with these changes, in their order."""
    for adaptation in adaptations:
        body = adaptation.apply(body)
    return body


def find_adaptation(
    complaint: Complaint, body: Body, fixed: Iterable[str], tried: Collection[Adaptation] = ()
) -> Adaptation | None:
    """Return the change that an endpoint's complaint about a body asks for and that was not tried yet, or None.

    The complaint is in the endpoint's own words alone, without what it quotes. `fixed` names parameters that stay,
    whatever the endpoint says of them.
    """
    said, kept = complaint.words, set(fixed)
    for phrase, statuses, change in CHANGES:
        is_meant = complaint.status in statuses and change.parameter not in kept and phrase.search(said)
        if is_meant and change not in tried and change.apply(body) != body:
            return change
    if complaint.status not in OF_THE_TEMPLATE or not UNSUPPORTED.search(said):
        return None
    without = _without(_parameter_named(complaint, set(SETTINGS) & body.keys() - kept), body)
    return None if without in tried else without


def _without(name: str | None, body: Body) -> Adaptation | None:
    if name is None:
        return None
    return Adaptation("rename" if name in LIMITS and LIMITS[name] not in body else "drop", name)


def _parameter_named(complaint: Complaint, sent: set[str]) -> str | None:
    """Return the parameter that a complaint names first; those that are words of every day it names in quotes."""
    if complaint.param in sent:
        return complaint.param
    found = ((place.start(), name) for name in sent if (place := NAMES[name].search(complaint.words)))
    return min(found, default=(0, None))[1]


def _merge_roles(messages: Messages) -> Messages:
    merged: Messages = []
    for (role, is_tools), group in groupby(messages, key=lambda message: (message["role"], _is_tools(message))):
        said = list(group)
        merged += (
            said if is_tools else [{"role": role, "content": _join_contents([message["content"] for message in said])}]
        )
    first = next((place for place, message in enumerate(merged) if message["role"] != "system"), len(merged))
    if first < len(merged) and merged[first]["role"] == "assistant":
        merged.insert(first, {"role": "user", "content": "…"})  # a template that alternates begins with the user
    return merged


def _is_tools(message: dict[str, Any]) -> bool:
    """Whether a message calls tools, or is what one said: each of them stays a message of its own."""
    return "tool_calls" in message or message["role"] == "tool"


def _fold_system(messages: Messages) -> Messages:
    system = [message["content"] for message in messages if message["role"] == "system"]
    rest = [message for message in messages if message["role"] != "system"]
    place = next((index for index, message in enumerate(rest) if message["role"] == "user"), None)
    if place is None:
        return [{"role": "user", "content": _join_contents(system)}, *rest] if system else rest
    rest[place] = {"role": "user", "content": _join_contents([*system, rest[place]["content"]])}
    return rest


def _word_opening(messages: Messages) -> Messages:
    *before, last = messages
    if last["role"] != "assistant" or not before:
        return messages
    *earlier, question = before
    return [
        *earlier,
        {**question, "content": _join_contents([question["content"], f"(Begin your answer with: {last['content']})"])},
    ]


def _join_contents(contents: Sequence[str | Parts]) -> str | Parts:
    """Return the contents of several messages as one: text where all of them are, and parts where one is."""
    if all(isinstance(content, str) for content in contents):
        return "\n\n".join(str(content) for content in contents)
    return [part for content in contents for part in _parts(content)]


def _parts(content: str | Parts) -> Parts:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _leave_pictures(messages: Messages) -> Messages:
    """Return messages without their pictures, which their texts name."""
    return [{**message, "content": _text_of(message["content"])} for message in messages]


def _text_of(content: Any) -> Any:
    is_parts = isinstance(content, list)
    return "\n\n".join(part["text"] for part in content if part["type"] == "text") if is_parts else content


RESHAPED: dict[Kind, Callable[[Messages], Messages]] = {
    "merge roles": _merge_roles,
    "fold system": _fold_system,
    "fold and merge": lambda messages: _merge_roles(_fold_system(messages)),
    "opening in words": _word_opening,
    "no images": _leave_pictures,
}
