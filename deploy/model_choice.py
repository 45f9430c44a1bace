"""Which model answers where no setting says it: one that already runs on this machine, else the stand-in."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from core.llm.local_servers import ADDRESSES, LocalModel, find_local_models

OPENAI = "https://api.openai.com/v1"
SET_BY = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CONFAB_LOCAL_MODEL")  # any of them names a model
MOST_OFFERED = 20  # models that a person is asked about

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """Who answers, as people are told: a model's `name`, empty where it is of no interest, and `where` it runs.

    `host` is empty for the stand-in; `is_found` says that nobody set it.
    """

    host: str = ""
    name: str = ""
    where: str = ""
    is_found: bool = False


def choose_model(environ: Environment, addresses: Sequence[str] = ADDRESSES) -> tuple[Environment, AnsweringModel]:
    """Return the environment with a model in it where there is one, and who answers.

    One that nobody set is looked for at `addresses`. On a terminal a person chooses, and click.Abort is raised where
    they would rather not; else it is the one of OPENAI_MODEL, or the largest.
    """
    if any(name in environ for name in SET_BY):
        return environ, describe_model(environ)
    found = asyncio.run(find_local_models(addresses))
    named = [model for model in found if model.name == environ.get("OPENAI_MODEL")] or found
    if not named:
        return environ, AnsweringModel()
    chosen = _ask_which(named) if len(named) > 1 and sys.stdin.isatty() and sys.stdout.isatty() else named[0]
    host = urlsplit(chosen.address).netloc
    model = AnsweringModel(host, _shown_name(chosen.name), f"{chosen.server} at {host}", is_found=True)
    return {**environ, "OPENAI_BASE_URL": chosen.base_url, "OPENAI_MODEL": chosen.name}, model


def describe_model(environ: Mapping[str, str]) -> AnsweringModel:
    """Return the model that the settings name."""
    if path := environ.get("CONFAB_LOCAL_MODEL"):
        return AnsweringModel("this machine", path.rpartition("/")[2], "llama.cpp, started by Confab")
    host = urlsplit(environ.get("OPENAI_BASE_URL", OPENAI)).netloc.rpartition("@")[2]
    return AnsweringModel(host, environ.get("OPENAI_MODEL", ""), host)


def announce_model(model: AnsweringModel) -> str:
    """Return what the terminal says of who answers."""
    if not model.host:
        return (
            "The answers come from a stand-in, which says so: no model was found on this machine. Start Ollama, LM "
            "Studio, llama.cpp or vLLM, or put OPENAI_API_KEY into .env, and run make again."
        )
    if not model.is_found:
        return f"The answers come from the model at {model.host}."
    return (
        f"The answers come from {model.name}, which was found on this machine: {model.where}. "
        "OPENAI_BASE_URL and OPENAI_MODEL in .env choose another."
    )


def _shown_name(name: str) -> str:
    """Return a model's name; llama.cpp gives the path of its file."""
    return name.rpartition("/")[2] if name.casefold().endswith(".gguf") else name


def _ask_which(models: Sequence[LocalModel]) -> LocalModel:
    """Return the model that a person chooses on the terminal; Enter takes the first."""
    offered = models[:MOST_OFFERED]
    click.echo("These models run on this machine already:")
    for number, model in enumerate(offered, 1):
        size = f"{model.billions:g} billion parameters, " if model.billions else ""
        click.echo(f"  {number}  {_shown_name(model.name)} ({size}{model.server})")
    number = click.prompt("Which one is to answer?", type=click.IntRange(1, len(offered)), default=1)
    return offered[int(number) - 1]
