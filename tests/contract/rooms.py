"""The platforms that are held to the contract: to add one, name its room here."""

from collections.abc import Mapping

from tests.contract.discord_room import DISCORD
from tests.contract.platform_room import Platform
from tests.contract.slack_room import SLACK

ROOMS: Mapping[str, Platform] = {"slack": SLACK, "discord": DISCORD}
