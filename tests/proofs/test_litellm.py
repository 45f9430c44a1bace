"""The running bot and LiteLLM's own proxy, whose faults are those that it makes up itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import errors
from core.errors import ModelError
from core.policy import ChannelSettings, Policies
from core.preferences.settings import PreferenceSettings
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.real_servers import HAS_LITELLM, server
from tests.support.room import answers, ask

KEY = "sk-test"
ANSWERS = {
    "stand-in": "The answer is four.",
    "limited": "litellm.RateLimitError",
    "overflow": "litellm.ContextWindowExceededError",
    "broken": "litellm.InternalServerError",
}
FAULTS: dict[str, type[ModelError]] = {
    "limited": errors.RateLimited,
    "overflow": errors.ContextOverflow,
    "broken": errors.EndpointFailing,
    "absent": errors.UnknownModel,
}
MODEL = """  - model_name: {name}
    litellm_params: {{model: openai/gpt-4o, api_key: none, mock_response: "{answer}"}}
"""
CONFIG = """model_list:
{models}general_settings: {{master_key: {key}}}
litellm_settings: {{telemetry: false, num_retries: 0}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
"""
pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not HAS_LITELLM, reason="`make prove` installs LiteLLM, which is not here"),
]


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a proxy; it starts for a while, and serves all tests here."""
    config: Path = tmp_path_factory.mktemp("litellm") / "config.yaml"
    models = "".join(MODEL.format(name=name, answer=answer) for name, answer in ANSWERS.items())
    config.write_text(CONFIG.format(models=models, key=KEY))
    arguments = ("-m", "litellm.proxy.proxy_cli", "--host", "127.0.0.1", "--config", str(config), "--port")
    with server("/health/liveliness", *arguments, LITELLM_LOCAL_MODEL_COST_MAP="True") as address:
        yield f"{address}/v1"


async def test_an_answer_arrives_whole(sandbox: Sandbox, tmp_path: Path, litellm: str) -> None:
    """Which it streams in pieces of three characters."""
    async with running(sandbox, tmp_path / "confab.db", Setup(openai_base_url=litellm)):
        thread = await ask(sandbox, "what is 2+2?")
        assert answers(sandbox, thread) == [ANSWERS["stand-in"]]


@pytest.mark.parametrize(("model", "error"), FAULTS.items())
async def test_each_of_its_faults_is_told_as_what_it_is(
    sandbox: Sandbox, tmp_path: Path, litellm: str, model: str, error: type[ModelError]
) -> None:
    """By status and words that no list of ours holds; in another channel, another model answers."""
    policies = Policies(ChannelSettings(channel_context=0), {GENERAL: ChannelSettings(model=model)})
    preferences = PreferenceSettings(models=(model,))
    setup = Setup(openai_base_url=litellm, retry_deadline=0.5, policies=policies, preferences=preferences)
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await ask(sandbox, "what is 2+2?")
        assert error.notice in answers(sandbox, thread)[-1]
        other = await ask(sandbox, "what is 2+2?", "C0RANDOM1")
        assert answers(sandbox, other, "C0RANDOM1") == [ANSWERS["stand-in"]]


async def test_a_key_that_is_not_its_own_is_a_wrong_key(sandbox: Sandbox, tmp_path: Path, litellm: str) -> None:
    """It says `No connected db.`, with status 400."""
    async with running(sandbox, tmp_path / "confab.db", Setup(openai_base_url=litellm, api_key="sk-another")):
        thread = await ask(sandbox, "what is 2+2?")
        assert errors.WrongKey.notice in answers(sandbox, thread)[-1]
