"""What people set in Discord: menus that only who asked sees, and what is chosen in them.

A choice is read from its custom_id alone, so that menus from before a restart go on to work.
"""

from collections.abc import Mapping, Sequence

import discord

from bots.discord.authors import standing_of
from core.messages import ConversationKey, Standing
from core.preferences.catalogue import FormField, FormSection
from core.preferences.preferences import ChoiceRefused, Preferences

Interaction = discord.Interaction[discord.Client]
PREFIX = "confab/settings/"
NOTHING = "Nothing can be set in the chat."


class SettingsMenus:
    """The settings, asked and taken."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    async def send_menu(self, interaction: Interaction, key: ConversationKey) -> None:
        """Show who asked the menus for a channel."""
        form = self._form_of(interaction, key)
        await interaction.response.send_message(view=layout_of(form), ephemeral=True)

    async def keep_choice(self, interaction: Interaction, key: ConversationKey) -> None:
        """Keep what was chosen in a menu, then show them all as they are now; other components are left alone."""
        chosen = chosen_in(interaction.data or {})
        if not chosen:
            return
        person, note = str(interaction.user.id), ""
        try:
            await self._preferences.choose(key, person, self._standing_of(interaction), chosen)
        except ChoiceRefused as refusal:
            note = str(refusal)
        form = self._form_of(interaction, key)
        await interaction.response.edit_message(view=layout_of(form, note))

    def _form_of(self, interaction: Interaction, key: ConversationKey) -> Sequence[FormSection]:
        return self._preferences.form_of(key, str(interaction.user.id), self._standing_of(interaction))

    def _standing_of(self, interaction: Interaction) -> Standing:
        """Return whether a person may set what holds in a channel; Discord sends their rights with each choice."""
        if interaction.guild_id is None:
            return "alone"
        person = interaction.user
        roles = [str(role.id) for role in getattr(person, "roles", ())]
        is_named = self._preferences.is_named_administrator(str(person.id), roles)
        return "administrator" if is_named else standing_of(interaction.permissions)


def layout_of(form: Sequence[FormSection], note: str = "") -> discord.ui.LayoutView:
    """Return a form as a message of menus; `note` stands below them."""
    layout = discord.ui.LayoutView(timeout=None)
    for section in form:
        text = "\n".join(filter(None, (f"### {section.title}", section.note)))
        layout.add_item(discord.ui.TextDisplay(text))
        for field in section.fields:
            layout.add_item(discord.ui.TextDisplay(field.title))
            layout.add_item(discord.ui.ActionRow(_menu_of(field)))
    if note or not form:
        layout.add_item(discord.ui.TextDisplay(note or NOTHING))
    layout.stop()  # nothing of it is kept in memory: `chosen_in` reads what comes of it
    return layout


def chosen_in(data: Mapping[str, object]) -> dict[str, str]:
    """Return what was chosen in one of our menus, by its field's id; empty for any other component."""
    name, values = str(data.get("custom_id", "")), data.get("values")
    if not name.startswith(PREFIX) or not isinstance(values, list) or len(values) != 1:
        return {}
    return {name.removeprefix(PREFIX): str(values[0])}


def _menu_of(field: FormField) -> "discord.ui.Select[discord.ui.LayoutView]":
    options = [
        discord.SelectOption(label=label, value=value, default=value == field.value)
        for value, label in field.options.items()
    ]
    return discord.ui.Select(custom_id=f"{PREFIX}{field.id}", options=options)
