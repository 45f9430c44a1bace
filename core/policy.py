"""What differs by channel and by person, asked in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import available_timezones

import re2
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from core.messages import ConversationKey
from core.setting_fields import AS_JSON, CommaList, Section, Thresholds, decode_json, setting_field

HIDEABLE = ("cards", "iban", "email", "phone", "keys")
BUILT_IN = ("time", "calculator", "read_link", "search_here", "reminders", "web_search")


def _without_none(names: tuple[str, ...]) -> tuple[str, ...]:
    return () if names == ("none",) else names


def _hideable(kinds: tuple[str, ...]) -> tuple[str, ...]:
    named = tuple(kind.lower() for kind in kinds)
    if not set(named) <= set(HIDEABLE):
        raise ValueError(f"what can be hidden is {', '.join(HIDEABLE)}")
    return named


def _pattern_lines(given: Any) -> Any:
    """Read a JSON list, which begins with `["`, or one pattern a line."""
    if not isinstance(given, str) or given.startswith('["'):
        return decode_json(given)
    return [line.strip() for line in given.splitlines() if line.strip()]


def _usable_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    options = re2.Options()
    options.log_errors = False
    for number, pattern in enumerate(patterns, start=1):
        try:
            matches_nothing = bool(re2.compile(pattern, options).fullmatch(""))
        except re2.error:
            raise ValueError(f"RE2 cannot read pattern {number}") from None
        if matches_nothing:
            raise ValueError(f"pattern {number} also matches an empty text")
    return patterns


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("there is no such time zone; they are named as Europe/Lisbon")
    return name


OF_WORKSPACE = "workspace:"  # before a workspace's id in CONFAB_CHANNELS
AS_ASKED = "as asked"  # the language of answers: that of the question
# What nobody below who said it changes: an operator's for a channel, a channel's for a person.
FIRM: Mapping[str, bool] = {"follow_ups": False, "streaming": False, "strict": True}


class ChannelSettings(Section):
    """How the bot behaves in one conversation; what is set for a channel goes over what is set for all.

    `follow_ups`: it answers in a thread that it takes part in without a new mention. `streaming`: the answer grows
    in the channel as it is made. `merge`: what one person writes while an answer is made is answered together.
    `threads`: a mention is answered in a thread of its own. `voice_notes`: every voice note is for it. `translate`:
    recordings are put into English as they are transcribed. `thresholds` are scores from 0 to 1 by category. The
    history that goes with a question is bounded in tokens and in messages. `channel_context`: how many of a channel's
    last messages a question at its top brings along, none of them older than `channel_context_hours`. `strict`: nothing
    is sent or shown before all of it is checked. `tools` are the names of those that the model has here. `model`: who
    answers, empty for the one that is asked everywhere. `persona`: as whom, by its name, empty for the bot itself.
    `knowledge`: what is taken in to be looked up, and `knowledge_across` whether other public channels are looked into
    as well. `retention_days`: for how long what is said is kept, 0 for not at all, and
    `retention_messages` how much of it in a channel. `hide`: which private
    data the model is not shown, and `hide_patterns` what else.
    """

    model_config = ConfigDict(extra="forbid")

    title: ClassVar[str] = "Conversations; each of these can also be set for a channel, by CONFAB_CHANNELS"

    follow_ups: bool = setting_field(
        "CONFAB_FOLLOW_UPS", "Answer in a thread the bot is in without a new mention", default=True
    )
    streaming: bool = setting_field(
        "CONFAB_STREAMING", "Let the answer grow in the channel as it is made", default=True
    )
    merge: bool = setting_field(
        "CONFAB_MERGE", "Answer together what one person writes while an answer is made", default=False
    )
    threads: bool = setting_field(
        "CONFAB_DISCORD_THREADS", "Discord: answer a mention in a thread of its own, else under it", default=True
    )
    history_tokens: PositiveInt = setting_field(
        "CONFAB_HISTORY_TOKENS", "How much of a conversation the model reads", 16_000
    )
    history_messages: PositiveInt = setting_field("CONFAB_HISTORY_MESSAGES", "The same, counted in messages", 100)
    channel_context: NonNegativeInt = setting_field(
        "CONFAB_CHANNEL_CONTEXT", "How many of a channel's last messages a mention at its top brings along; 0: none", 30
    )
    channel_context_hours: Annotated[float, Field(gt=0, le=720)] = setting_field(
        "CONFAB_CHANNEL_CONTEXT_HOURS", "How many hours old the oldest of those may be", 24.0
    )
    translate: bool = setting_field(
        "CONFAB_VOICE_TRANSLATE", "Put recordings into English, by /audio/translations", default=False
    )
    thresholds: Annotated[Thresholds, AS_JSON] = setting_field(
        "CONFAB_MODERATION_THRESHOLDS",
        'From which score on a category is refused, as JSON: {"violence": 0.8}; empty: as the endpoint flags it',
        {},
    )
    language: Annotated[str, Field(min_length=1, max_length=40)] = setting_field(
        "CONFAB_LANGUAGE", "The language of answers, by its English name; `as asked` is that of the question", AS_ASKED
    )
    strict: bool = setting_field(
        "CONFAB_MODERATION_STRICT", "Send and show nothing before all of it is checked", default=False
    )
    knowledge: Literal["off", "files", "all"] = setting_field(
        "CONFAB_KNOWLEDGE",
        "What people share is looked up later, with its source: off, files, all (what is said, too)",
        "off",
    )
    knowledge_across: bool = setting_field(
        "CONFAB_KNOWLEDGE_ACROSS",
        "Look also into the workspace's public channels, where all who read may",
        default=False,
    )
    model: str = ""
    tools: Annotated[CommaList, AfterValidator(_without_none)] = setting_field(
        "CONFAB_TOOLS", "What the model may look things up with, of its own tools, with commas; none: nothing", BUILT_IN
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = setting_field(
        "CONFAB_TIME_ZONE", "The time zone of people of whom the platform does not tell it, as Europe/Lisbon", "UTC"
    )
    voice_notes: bool = False
    retention_days: Annotated[float, Field(ge=0, le=36_500)] | None = setting_field(
        "CONFAB_RETENTION_DAYS",
        "How many days it is kept what is said; 0: nothing is stored; empty: until somebody asks",
    )
    retention_messages: PositiveInt | None = setting_field(
        "CONFAB_RETENTION_MESSAGES", "How many messages of a channel are kept at the most; what is older goes, too"
    )
    persona: Annotated[str, Field(max_length=200)] = setting_field(
        "CONFAB_PERSONA", "Who the bot is until another persona is chosen in the chat, by name; empty: itself", ""
    )

    hide: Annotated[CommaList, AfterValidator(_without_none), AfterValidator(_hideable)] = setting_field(
        "CONFAB_HIDE",
        f"Which private data the model is not shown and answers still hold, with commas: {', '.join(HIDEABLE)}",
        (),
    )
    hide_patterns: Annotated[tuple[str, ...], BeforeValidator(_pattern_lines), AfterValidator(_usable_patterns)] = (
        setting_field(
            "CONFAB_HIDE_PATTERNS",
            'What else it is not shown, as RE2, in a JSON list: ["EMP-[0-9]{6}"]; or one a line',
            (),
        )
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """Take a null as what is not set."""
        is_object = isinstance(given, Mapping)
        return {name: value for name, value in given.items() if value is not None} if is_object else given

    @property
    def keeps_nothing(self) -> bool:
        """Whether only what a turn that runs needs is stored, and goes with it."""
        return self.retention_days == 0

    def overlaid(self, channel: "ChannelSettings") -> "ChannelSettings":
        """Return these settings with what is set for a channel over them; a mapping adds to the one below it."""
        own = {name: getattr(channel, name) for name in channel.model_fields_set & set(ChannelSettings.model_fields)}
        merged = {name: {**getattr(self, name), **value} for name, value in own.items() if isinstance(value, dict)}
        return ChannelSettings.model_construct(
            **{name: getattr(self, name) for name in ChannelSettings.model_fields} | own | merged
        )


class ConversationSettings(ChannelSettings):
    """How the bot behaves everywhere, and what differs: `C1`, `slack:C1` or `slack:T1:C1`, and `workspace:T1`."""

    model_config = ConfigDict(extra="ignore")

    channels: Annotated[dict[str, ChannelSettings], AS_JSON] = setting_field(
        "CONFAB_CHANNELS",
        'What channels do differently, as JSON: {"C123": {"merge": true}}; by id, platform:T1:C123, or workspace:T1',
        {},
    )

    def list_policies(self) -> list[ChannelSettings]:
        """Return what holds everywhere, and what in each channel or workspace that differs."""
        return [self, *map(self.overlaid, self.channels.values())]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose a choice is: a workspace's, a channel's, or a `person`'s own, wherever on the platform they write."""

    platform: str
    workspace: str = ""
    channel: str = ""
    person: str = ""

    @classmethod
    def of_channel(cls, key: ConversationKey) -> Self:
        """Return the scope of the channel in which a conversation is held."""
        return cls(key.platform, key.workspace, key.channel)

    @classmethod
    def of_workspace(cls, key: ConversationKey) -> Self:
        """Return the scope of the workspace in which a conversation is held."""
        return cls(key.platform, key.workspace)

    @classmethod
    def of_person(cls, platform: str, person: str) -> Self:
        """Return the scope of what a person chose for themselves."""
        return cls(platform, person=person)


class Policies:
    """What holds where, and for whom.

    The operator's defaults stand first. Over them goes what the operator says of a workspace, `workspace:T1`, and of a
    channel, `C1`, `slack:C1` or `slack:T1:C1`. Over that goes what was chosen in the chat for the workspace and for the
    channel, and then what a person chose for themselves, as far as FIRM lets it.
    """

    def __init__(
        self, default: ChannelSettings | None = None, channels: Mapping[str, ChannelSettings] | None = None
    ) -> None:
        self._default = ChannelSettings().overlaid(default or ChannelSettings())
        self._own = dict(channels or {})
        self._laid: dict[tuple[str, ...], ChannelSettings] = {(): self._default}
        self._chosen: dict[Scope, ChannelSettings] = {}

    def policy_of(self, key: ConversationKey, person: str = "") -> ChannelSettings:
        """Return what holds in a conversation; with a `person`, by the platform's id, for what that person asks."""
        policy = self.operators_policy(key)
        for scope in (Scope.of_workspace(key), Scope.of_channel(key), Scope.of_person(key.platform, person)):
            if chosen := self._chosen.get(scope):
                policy = _overlaid_within(policy, chosen)
        return policy

    def operators_policy(self, key: ConversationKey) -> ChannelSettings:
        """Return what the operator says of a conversation, whatever was chosen there."""
        names = self._names_for(key)
        if names not in self._laid:
            self._laid[names] = reduce(ChannelSettings.overlaid, map(self._own.__getitem__, names), self._default)
        return self._laid[names]

    def has_own_tools(self, key: ConversationKey) -> bool:
        """Return whether the operator lists which tools a conversation's channel has, those of sources included."""
        return any("tools" in self._own[name].model_fields_set for name in self._names_for(key))

    def all_settings(self) -> list[ChannelSettings]:
        """Return what the operator says of all conversations, and of each channel that differs."""
        return [self._default, *map(self._default.overlaid, self._own.values())]

    def _names_for(self, key: ConversationKey) -> tuple[str, ...]:
        """Return by which names CONFAB_CHANNELS knows a conversation's channel, the closest one last."""
        channel = f"{key.platform}:{key.channel}"
        closest = f"{key.platform}:{key.workspace}:{key.channel}"
        return tuple(filter(self._own.__contains__, (f"{OF_WORKSPACE}{key.workspace}", key.channel, channel, closest)))

    def chosen_in(self, scope: Scope) -> ChannelSettings:
        """Return what was chosen in the chat for a channel or by a person."""
        return self._chosen.get(scope, ChannelSettings())

    def replace_chosen(self, chosen: Mapping[Scope, ChannelSettings]) -> None:
        """Let what was chosen in the chat be this from now on, and nothing else."""
        self._chosen = dict(chosen)

    def apply_choice(self, scope: Scope, chosen: ChannelSettings) -> None:
        """Let what was chosen for a channel or by a person be this from now on."""
        self._chosen[scope] = chosen


def _overlaid_within(policy: ChannelSettings, chosen: ChannelSettings) -> ChannelSettings:
    """Return a policy with what was chosen over it, but for what stands firm in it."""
    firm = {name for name, value in FIRM.items() if getattr(policy, name) == value}
    open_names = chosen.model_fields_set - firm
    return policy.overlaid(ChannelSettings.model_construct(**{name: getattr(chosen, name) for name in open_names}))
