"""The running bot and LiteLLM's own proxy, whose faults are those that it makes up itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import errors
from core.errors import ModelError
from core.llm.client import OpenAI, open_client
from core.llm.settings import ModelSettings
from core.messages import PromptMessage
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import ASKED
from tests.support.bot import Setup, running
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


async def answer_of(address: str, model: str, key: str = KEY) -> str:
    """Return what a model answers; raise what the bot would tell a person."""
    options = ModelSettings(base_url=address, api_key=key, model=model, retry_deadline=0.5)
    async with open_client(options) as client:
        return await OpenAI(options, client).fetch_answer([PromptMessage("user", "What is 2+2?")], ASKED)


async def test_an_answer_arrives_whole(sandbox: Sandbox, tmp_path: Path, litellm: str) -> None:
    """Which it streams in pieces of three characters."""
    async with running(sandbox, tmp_path / "confab.db", Setup(openai_base_url=litellm)):
        thread = await ask(sandbox, "what is 2+2?")
        assert answers(sandbox, thread) == [ANSWERS["stand-in"]]


@pytest.mark.parametrize(("model", "error"), FAULTS.items())
async def test_each_of_its_faults_is_told_as_what_it_is(litellm: str, model: str, error: type[ModelError]) -> None:
    """By status and words that no list of ours holds."""
    with pytest.raises(error):
        await answer_of(litellm, model)


async def test_a_key_that_is_not_its_own_is_a_wrong_key(litellm: str) -> None:
    """It says `No connected db.`, with status 400."""
    with pytest.raises(errors.WrongKey):
        await answer_of(litellm, "stand-in", "sk-another")
