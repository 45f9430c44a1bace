"""Tools of installed packages: found by their entry points, imported on a thread, and offered under their names."""

import asyncio
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from core.tools.entry_points import GROUP, PackageSource, package_sources
from core.tools.sources.source import SourceFailed
from core.tools.tool import Tool

MODULE = """
from core.tools.tool import Tool, ToolResult, ToolSpec, object_schema

async def greet(arguments, context):
    return ToolResult(f"Hello {arguments['whom']}")

ONE = Tool(ToolSpec("greet", "Greets.", object_schema({"whom": ""}), is_read_only=True, consent="never"), greet)
MANY = (ONE,)

def make():
    return [ONE]

def broken():
    raise ValueError("no key")

WRONG = ["greet"]
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package as it lies in site-packages once it is installed."""
    (tmp_path / "confab_greetings.py").write_text(MODULE)
    told = tmp_path / "confab_greetings-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: confab-greetings\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[{GROUP}]\ngreetings = confab_greetings:ONE\n")
    monkeypatch.syspath_prepend(tmp_path)


async def offered(source: PackageSource) -> Sequence[Tool]:
    """Return what a source offers; raises SourceFailed."""
    came: asyncio.Future[Sequence[Tool]] = asyncio.get_running_loop().create_future()

    async def take(tools: Sequence[Tool]) -> None:
        came.set_result(tools)

    holding = asyncio.create_task(source.hold_open(take))
    async with asyncio.timeout(30):
        await asyncio.wait(list[asyncio.Future[Any]]([holding, came]), return_when=asyncio.FIRST_COMPLETED)
    if not came.done():
        holding.result()
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    return came.result()


async def test_an_installed_package_brings_its_tools() -> None:
    """Under the entry point's name; that nobody is asked is not for a package to say."""
    (source,) = package_sources()
    (tool,) = await offered(source)
    assert (tool.spec.name, tool.spec.consent, tool.spec.is_read_only) == ("greetings__greet", "auto", True)


@pytest.mark.parametrize("what", ["ONE", "MANY", "make"])
async def test_an_entry_point_may_lead_to_a_tool_several_or_a_function(what: str) -> None:
    """Whichever suits its author."""
    (tool,) = await offered(PackageSource(EntryPoint("g", f"confab_greetings:{what}", GROUP)))
    assert tool.spec.name == "g__greet"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("confab_greetings:broken", r"cannot be imported \(ValueError\)"),
        ("confab_greetings:NOTHING", r"cannot be imported \(AttributeError\)"),
        ("confab_nowhere:ONE", r"cannot be imported \(ModuleNotFoundError\)"),
        ("confab_greetings:WRONG", "no tool"),
    ],
)
async def test_one_that_fails_is_said_to(value: str, told: str) -> None:
    """In a sentence."""
    with pytest.raises(SourceFailed, match=told):
        await offered(PackageSource(EntryPoint("g", value, GROUP)))
