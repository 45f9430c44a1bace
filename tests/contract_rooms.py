"""The platforms that are held to the contract: to add one, name its room here."""

from collections.abc import Mapping

from tests.contract import Platform
from tests.contract_discord import DISCORD
from tests.contract_slack import SLACK

ROOMS: Mapping[str, Platform] = {"slack": SLACK, "discord": DISCORD}
