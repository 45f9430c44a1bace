"""How a request is changed after an endpoint refused it as it was: one small change a refusal, never twice the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import re2

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
    "user": "CONFAB_USER_SALT",
}
LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

UNSUPPORTED = re2.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra[ _](?:inputs|forbidden|fields)|not permitted"
    r"|not allowed|no longer|deprecated|only the default|not accept|cannot both|not implemented"
)
ALTERNATE = re2.compile(
    r"roles? (?:must|should) alternate|(?:must|should) alternate (?:between|with)|alternating"
    r"|consecutive (?:user|assistant)"
)
NO_SYSTEM = re2.compile(
    r"system role (?:is )?not supported|not support (?:the )?(?:'?system'? role|system messages?)"
    r"|does not support 'system'"
    r"|(?:developer|system) (?:instructions?|messages?|prompts?) (?:is|are) (?:not|n't) (?:enabled|supported|allowed)"
    r"|only supports? (?:the )?'?user'? and '?assistant'? roles|unexpected role '?system"
)
NO_IMAGES = re2.compile(
    r"not support (?:the )?(?:image|vision|multimodal)|image_url is only supported|not a multimodal|at most 0 image"
    r"|(?:image|vision|multimodal)[\w ]{0,20} (?:is |are )?(?:not|n't) (?:supported|enabled|available)"
    r"|(?:unsupported|unknown) .{0,30}\bimage_url\b|missing data required for image|cannot (?:read|see) image"
    r"|no endpoints found that support image|content must be a string|content.{0,20} should be a valid string"
)
NO_OPENING = re2.compile(r"expected last role|must end with a user|assistant message prefill|last message must")

Kind = Literal["drop", "rename", "merge roles", "fold system", "opening in words", "no images"]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One change to a request's body; `parameter` is what it drops or renames."""

    kind: Kind
    parameter: str = ""

    @property
    def hint(self) -> str:
        """What an operator may do, as one sentence; nothing where there is nothing to do."""
        if self == NO_PICTURES:
            return "This model takes no pictures: choose another OPENAI_MODEL if people are to show it any."
        setting = SETTINGS.get(self.parameter) if self.kind == "drop" else None
        return f"This model does not take {setting}: unset it, or choose another OPENAI_MODEL." if setting else ""

    def apply(self, body: Body) -> Body:
        """Return the body with this change; one that needs no change is returned as it is."""
        match self.kind:
            case "drop":
                return {name: value for name, value in body.items() if name != self.parameter}
            case "rename":
                return {LIMITS[name] if name == self.parameter else name: value for name, value in body.items()}
            case "merge roles":
                return {**body, "messages": _merge_roles(body["messages"])}
            case "fold system":
                return {**body, "messages": _fold_system(body["messages"])}
            case "opening in words":
                return {**body, "messages": _word_opening(body["messages"])}
            case "no images":
                return {**body, "messages": [_in_words(message) for message in body["messages"]]}


NO_PICTURES = Adaptation("no images")
OF_THE_REQUEST = frozenset({UNTOLD, 400, 422})
OF_THE_TEMPLATE = OF_THE_REQUEST | {404, 500}  # where a server's template fails on a request
CHANGES: tuple[tuple[re2._Regexp, frozenset[int], Adaptation], ...] = (
    (NO_IMAGES, OF_THE_TEMPLATE | {415}, NO_PICTURES),
    (NO_SYSTEM, OF_THE_TEMPLATE, Adaptation("fold system")),
    (ALTERNATE, OF_THE_TEMPLATE, Adaptation("merge roles")),
    (NO_OPENING, OF_THE_TEMPLATE, Adaptation("opening in words")),
)
EVERYDAY = frozenset({"n", "user", "stop", "seed"})
NAMES = {
    name: re2.compile(rf"['\"`]{name}['\"`]|parameters?:? {name}\b" if name in EVERYDAY else rf"\b{name}\b")
    for name in SETTINGS
}


def adapt_body(body: Body, adaptations: Iterable[Adaptation]) -> Body:
    """Return the body with these changes, in their order."""
    for adaptation in adaptations:
        body = adaptation.apply(body)
    return body


def find_adaptation(complaint: Complaint, body: Body, fixed: Iterable[str]) -> Adaptation | None:
    """Return the change that an endpoint's complaint about a body asks for, or None.

    The complaint is in the endpoint's own words alone, without what it quotes. `fixed` names parameters that stay,
    whatever the endpoint says of them.
    """
    said = complaint.words
    is_pictured = any(isinstance(message["content"], list) for message in body["messages"])
    for phrase, statuses, change in CHANGES:
        if complaint.status in statuses and phrase.search(said) and (change != NO_PICTURES or is_pictured):
            return change if change.kind != "opening in words" or _is_opened(body) else None
    if complaint.status not in OF_THE_REQUEST or not UNSUPPORTED.search(said):
        return None
    return _without(_parameter_named(complaint, set(SETTINGS) & body.keys() - set(fixed)), body)


def _is_opened(body: Body) -> bool:
    return bool(body["messages"][-1]["role"] == "assistant")


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


def _in_words(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message without its pictures, which its text names."""
    if not isinstance(message["content"], list):
        return message
    return {**message, "content": "\n\n".join(part["text"] for part in message["content"] if part["type"] == "text")}
