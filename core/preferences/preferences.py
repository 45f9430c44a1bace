"""What is set in the chat: read at the start, kept before it holds, and never more than the operator allows."""

from collections.abc import Iterable, Mapping, Sequence

from core.messages import ConversationKey, Message, Standing
from core.policy import Policies, Scope
from core.preferences.catalogue import (
    USUAL,
    FormField,
    FormSection,
    describe_policy,
    form_fields,
    offered_preferences,
    settings_from,
)
from core.preferences.settings import PreferenceSettings
from core.storage.errors import StorageUnavailable
from core.storage.store import Store

FOR_YOU = "For you, wherever you ask"
FOR_CHANNEL = "For everybody in this channel"
BY_ADMINISTRATORS = "Administrators can change this."


NOT_THEIRS = "Nothing was changed: that is not, or no longer, yours to set here."
NOT_KEPT = "Nothing was changed: it could not be stored just now. Please try again in a moment."


class ChoiceRefused(Exception):
    """What a person chose is not taken; its text says to them why."""


class Preferences:
    """What people and administrators chose, over what the operator set."""

    def __init__(
        self, store: Store, policies: Policies, settings: PreferenceSettings, *, is_moderated: bool = True
    ) -> None:
        """`is_moderated` says that something is checked, so that there is a strictness to choose."""
        self.policies = policies
        self._store = store
        self._settings = settings
        self._offered = offered_preferences(settings.settable, settings.models, is_moderated=is_moderated)

    async def restore_choices(self) -> None:
        """Take in what was chosen before, as it stands in the database now."""
        kept = await self._store.read_choices()
        self.policies.replace_chosen({scope: settings_from(self._offered, kept[scope]) for scope in kept})

    def is_named_administrator(self, person: str, roles: Iterable[str] = ()) -> bool:
        """Whether the operator named a person, or one of their roles, as who may set what holds in a channel."""
        return bool({f"user:{person}", *(f"role:{role}" for role in roles)} & set(self._settings.administrators))

    def offers_model(self, name: str) -> bool:
        """Whether the operator offers a model, to be chosen beside the usual one."""
        return name in self._settings.models

    def standing_of(self, message: Message) -> Standing:
        """Return what the author of a command is where it was given, by the platform's word or the operator's."""
        is_named = self.is_named_administrator(message.author.id, message.author.roles or ())
        return "administrator" if is_named and message.standing == "member" else message.standing

    def form_of(self, key: ConversationKey, person: str, standing: Standing) -> list[FormSection]:
        """Return the form for a person in a channel; what only an administrator may change is told to the others."""
        sections = [FormSection(FOR_YOU, "", self._own_fields(key, person))]
        if standing == "administrator":
            sections.append(FormSection(FOR_CHANNEL, "", self._channel_fields(key)))
        elif standing == "member" and self._offered:
            sections.append(FormSection(FOR_CHANNEL, "\n".join([*self.describe(key), BY_ADMINISTRATORS])))
        return [each for each in sections if each.fields or each.note]

    def describe(self, key: ConversationKey, person: str = "") -> list[str]:
        """Return a line for each thing that can be set, with what holds of it."""
        return describe_policy(self._offered, self.policies.policy_of(key, person))

    @property
    def operator(self) -> str:
        """Who runs the bot, as the operator says it; empty where they do not."""
        return self._settings.operator

    async def choose(self, key: ConversationKey, person: str, standing: Standing, values: Mapping[str, str]) -> int:
        """Keep what a person chose, by the ids of the form's fields; return how much of it is new.

        It holds from then on. Raises ChoiceRefused where something is not theirs to choose, or cannot be kept.
        """
        form = self.form_of(key, person, standing)
        fields = {each.id: each for section in form for each in section.fields}
        if any(name not in fields or value not in fields[name].options for name, value in values.items()):
            raise ChoiceRefused(NOT_THEIRS)
        new = {name: value for name, value in values.items() if value != fields[name].value}
        scopes = {"person": Scope.of_person(key.platform, person), "channel": Scope.of_channel(key)}
        for whose, scope in scopes.items():
            if chosen := {name.partition(".")[2]: value for name, value in new.items() if name.startswith(f"{whose}.")}:
                await self._keep(scope, person, chosen)
        return len(new)

    def may_choose(self, name: str, standing: Standing, *, everywhere: bool = False) -> bool:
        """Whether somebody may choose a thing by its command: where they ask, or `everywhere` in the workspace."""
        is_offered = any(each.name == name for each in self._offered)
        return is_offered and (standing == "administrator" or (standing == "alone" and not everywhere))

    def take_choice(self, scope: Scope, values: Mapping[str, str]) -> None:
        """Let all that was chosen for a scope, as it is kept now, hold from now on."""
        self.policies.apply_choice(scope, settings_from(self._offered, values))

    async def _keep(self, scope: Scope, by: str, chosen: Mapping[str, str]) -> None:
        kept = {name: "" if value == USUAL else value for name, value in chosen.items()}
        try:
            now = await self._store.add_choices(scope, by, kept)
        except StorageUnavailable:
            raise ChoiceRefused(NOT_KEPT) from None
        self.take_choice(scope, now)

    def _own_fields(self, key: ConversationKey, person: str) -> Sequence[FormField]:
        personal = [each for each in self._offered if each.is_personal]
        own = self.policies.chosen_in(Scope.of_person(key.platform, person))
        return form_fields("person", personal, self.policies.policy_of(key), own)

    def _channel_fields(self, key: ConversationKey) -> Sequence[FormField]:
        chosen = self.policies.chosen_in(Scope.of_channel(key))
        return form_fields("channel", self._offered, self.policies.operators_policy(key), chosen)
