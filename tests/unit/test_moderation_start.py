"""How moderation begins: an endpoint without it is a fault of the settings, one that is out of reach is not."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bots.moderating import guard_of
from bots.settings import Settings
from core.errors import SettingsError
from core.policy import Policies
from core.storage.store import Store
from deploy.sandbox.openai.model import Fault, refusal
from deploy.sandbox.wire.server import Sandbox


async def started(sandbox: Sandbox, folder: Path, **environ: str) -> bool:
    """Return whether there is a guard with these settings; raises what the start would end with."""
    given = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    settings = Settings.load({**given, "OPENAI_BASE_URL": sandbox.openai_base_url, **environ})
    async with AsyncExitStack() as stack:
        store = Store(folder / "confab.db")
        stack.push_async_callback(store.close)
        return await guard_of(settings.moderation, settings.model, Policies(), store, {}, stack) is not None


@pytest.mark.parametrize("fault", [Fault(404, "404 page not found"), Fault(405), Fault(200, {"error": "Unexpected"})])
async def test_an_endpoint_without_moderation_names_the_ways_out(
    sandbox: Sandbox, tmp_path: Path, fault: Fault
) -> None:
    """Another URL, the judge, the own list, or none at all."""
    sandbox.model.moderation.fault = fault
    with pytest.raises(SettingsError) as error:
        await started(sandbox, tmp_path)
    for way in ("CONFAB_MODERATION_URL", "=judge", "=list", "=off"):
        assert way in error.value.faults[0]


@pytest.mark.parametrize("how", ["off", "judge", "list"])
async def test_the_ways_out_lead_out(sandbox: Sandbox, tmp_path: Path, how: str) -> None:
    """None of them asks the endpoint."""
    sandbox.model.moderation.fault = Fault(404, "404 page not found")
    words = {"CONFAB_MODERATION_WORDS": "never"} if how == "list" else {}
    assert await started(sandbox, tmp_path, CONFAB_MODERATION=how, **words) == (how != "off")
    assert sandbox.model.moderation.checked == []


async def test_an_endpoint_that_is_failing_is_no_fault_of_the_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    """It may be back with the first question."""
    sandbox.model.moderation.fault = refusal(500, "no")
    assert await started(sandbox, tmp_path)


async def test_a_pattern_that_cannot_be_read_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """So is one that would take too long."""
    for pattern in ('["a("]', '["(?:\\\\pL{50}){20}x"]'):
        with pytest.raises(SettingsError, match="CONFAB_MODERATION_PATTERNS"):
            await started(sandbox, tmp_path, CONFAB_MODERATION_PATTERNS=pattern)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONFAB_MODERATION", "on"),
        ("CONFAB_MODERATION", "off, judge"),
        ("CONFAB_MODERATION", "list"),
        ("CONFAB_MODERATION_THRESHOLDS", '{"violence": 2}'),
        ("CONFAB_MODERATORS", "C1"),
        ("CONFAB_ALLOW", "U1"),
    ],
)
async def test_a_setting_that_cannot_be_used_is_refused_by_its_name(
    sandbox: Sandbox, tmp_path: Path, name: str, value: str
) -> None:
    """At the start."""
    with pytest.raises(SettingsError, match=name):
        await started(sandbox, tmp_path, **{name: value})
