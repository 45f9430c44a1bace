"""Personas in Discord while their name is typed."""

from pathlib import Path

import pytest

from deploy.sandbox.discord.roster import ADA, GENERAL
from deploy.sandbox.wire.server import Sandbox
from tests.support.cards import card_v2, keep_cards
from tests.support.discord_bot import running


async def test_personas_are_suggested_while_a_name_is_typed(sandbox: Sandbox, tmp_path: Path) -> None:
    """By the beginning of their name first, then by what describes them; at most so many as Discord shows."""
    keep_cards(tmp_path / "d.db", *(card_v2(f"Ada {number}", tags=["x" * 90]) for number in range(40)))
    keep_cards(tmp_path / "d.db", card_v2("Bob", description="bakes bread", creator=""))
    async with running(sandbox, tmp_path / "d.db"):
        guild = sandbox.guild
        await guild.until(lambda: "persona" in {each["name"] for each in guild.interactions.global_commands.values()})
        for typed, expected, count in (
            ("ad", "Ada 0 #1", 25),
            ("brea", "Bob #41", 1),
            ("zebra", "", 0),
            ("", "Ada 0 #1", 25),
        ):
            asked = guild.interactions.type_option("persona", GENERAL, ADA, "name", typed)
            await guild.until(lambda asked=asked: asked.answered)  # type: ignore[misc]
            assert len(asked.choices) == count
            assert not count or asked.choices[0]["value"] == expected
        with pytest.raises(LookupError):
            guild.interactions.type_option("persona", GENERAL, ADA, "other", "")
