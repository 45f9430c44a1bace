"""The house rules: who imports whom, how long a file and a function may be, what is named how, what is pinned."""

import ast
import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.house import (
    Defined,
    common_names,
    definitions,
    is_participle,
    promised_names,
    repeated_classes,
)
from tests.support.imports import Import, Module, broken, imports, parse, read

ROOT = Path(__file__).parents[2]
SHIPPED = ("bots", "core", "deploy")
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
USUAL_FUNCTION = 25
VAGUE_NAME = re.compile(
    r"(?i:^_?(utils?|helpers?|managers?)$|_(utils?|helpers?|manager)$)|(Utils?|Helpers?|Manager)$|^_?Abstract"
)
PYPROJECT = (ROOT / "pyproject.toml").read_text()
LOCKS = ("requirements.txt", "requirements-run.txt", "requirements-dev.txt")

# What an import breaks: a module's name, its source, and a word of the fault.
BAD_IMPORTS = [
    ("core.messages", "import httpx", "nouns"),
    ("core.messages", "from core.storage.store import Store", "nouns"),
    ("core.errors", "import pydantic", "nouns"),
    ("core.prompt.build", "from core import settings", "nouns"),
    ("core.prompt.build", "from . import settings", "nouns"),
    ("core.conversation", "from bots.markdown.splitting import split", "core knows no platform"),
    ("core.conversation", "import slack_sdk.web", "core knows no platform"),
    ("core.voice", "import discord", "core knows no platform"),
    ("core.llm", "import aiohttp", "core knows no platform"),
    ("core.llm", "from ..bots import streaming", "core knows no platform"),
    ("core.storage.store", "from core.conversation import answer", "above"),
    ("core.storage.store", "from ..conversation import answer", "above"),
    ("core.storage.history", "from core.prompt.build import Prompt", "root alone"),
    ("core.files.text", "from core.storage.store import Store", "root alone"),
    ("core.conversation", "import sqlite_utils", "store's alone"),
    ("core.settings", "from sqlite_utils.db import Table", "store's alone"),
    ("core.worker", "import sqlite3", "store's alone"),
    ("tests.slack.test_http", "from sqlite3 import connect", "store's alone"),
    ("core.conversation", "from core.worker import Worker", "core.worker stands above"),
    ("core.worker", "from core.intake import Intake", "core.intake stands above"),
    ("bots.http", "from sqlite_utils import Database", "store's alone"),
    ("bots.slack.files", "import httpx", "model's client"),
    ("core.conversation", "from httpx import AsyncClient", "model's client"),
    ("deploy.start", "import httpx", "model's client"),
    ("bots.slack", "import bots.discord", "no other platform"),
    ("bots.discord.events", "from bots.slack.text import escape", "no other platform"),
    ("bots.slack.adapter", "from core.storage.store import Store", "a platform sees of core"),
    ("bots.slack", "from core import store", "a platform sees of core"),
    ("bots.slack", "from core.conversation import receive", "a platform sees of core"),
    ("deploy.sandbox.slack.events", "from core.messages import Message", "the wire"),
    ("deploy.sandbox.slack", "import bots", "the wire"),
    ("deploy.start", "from bots.__main__ import main", "never imported"),
    ("tests.test_main", "import bots.__main__", "never imported"),
    ("bots.http", "from bots.app import run_bot", "bots.running alone"),
    ("bots.http", "def serve():\n    import aiohttp", "at the top"),
    ("core.storage.store", "class Store:\n    async def open(self):\n        from json import loads", "at the top"),
]
GOOD_IMPORTS = [
    ("core.prompt.build", "import json\nfrom collections.abc import Sequence\nfrom core.messages import Entry"),
    ("core.messages", "from core.errors import BotError"),
    ("core.storage.history", "from core.history import History\nfrom core.storage.turns import KEY"),
    ("core.storage.store", "import sqlite_utils\nfrom core.messages import Turn"),
    ("core.llm.stream", "import httpx"),
    ("core.conversation", "from core.storage.store import Store\nfrom core.settings import Settings"),
    ("core.worker", "from core.conversation import Conversation"),
    ("core.intake", "from core.worker import Worker"),
    ("bots.slack.adapter", "from slack_bolt.async_app import AsyncApp\nfrom bots.slack.text import escape"),
    ("bots.slack.adapter", "from core.messages import Message\nfrom bots.streaming import paced\nfrom . import text"),
    ("bots.running", "from bots.app import run_bot"),
    ("bots.platforms", "def build():\n    from bots.slack import Slack\n    from core.storage.store import Store"),
    ("deploy.sandbox.page.api", "from aiohttp import web\nfrom deploy.sandbox.slack import limits"),
    ("tests.unit.test_openai", "import httpx"),
    ("bots.slackers", "import bots.discordant"),
]


@pytest.mark.parametrize(("name", "source", "fault"), BAD_IMPORTS)
def test_an_import_that_breaks_a_rule_is_found(name: str, source: str, fault: str) -> None:
    """Each rule is shown a module that breaks it, so that none of them can pass by seeing nothing."""
    faults = broken(parse(name, source))
    assert any(fault in line for line in faults), faults


@pytest.mark.parametrize(("name", "source"), GOOD_IMPORTS)
def test_an_import_that_keeps_the_rules_is_let_through(name: str, source: str) -> None:
    """What the house is built from breaks no rule."""
    assert broken(parse(name, source)) == []


@pytest.mark.parametrize(
    "source", ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"]
)
def test_core_reading_the_environment_is_found(source: str) -> None:
    """Only core is held to it: the way in reads the environment for everybody."""
    assert broken(parse("core.llm", source))
    assert not broken(parse("bots.__main__", source))


def test_a_relative_import_is_known_by_its_full_name() -> None:
    """One dot is the package that a module lies in; in a package's own file it is that package."""
    assert list(imports(parse("bots.slack.text", "from .limits import MOST"))) == [Import("bots.slack.limits.MOST", 1)]
    package = parse("bots.slack", "from . import text\nfrom .. import http", is_package=True)
    assert [found.target for found in imports(package)] == ["bots.slack.text", "bots.http"]


def test_nobody_imports_what_is_not_theirs() -> None:
    """The import rules hold for every file of the project."""
    assert [fault for module in read(ROOT, *SHIPPED, "tests") for fault in broken(module)] == []


PLATFORM_NAME = re.compile(r"slack|discord", re.IGNORECASE)
OF_ALL = ("core", "bots.doctor", "bots.markdown")  # folders in which no platform has a place of its own
KNOWN_NAME = "CONFAB_DISCORD_THREADS"  # as operators have it in their .env


def named_platforms(module: Module) -> list[str]:
    """Return the lines of a module's code that name a platform; what explains, in a comment or docstring, may."""
    tree = ast.parse(ast.unparse(module.tree))  # a copy, as its docstrings go
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[ast.get_docstring(node) is not None :] or [ast.Pass()]
    lines = ast.unparse(tree).splitlines()
    return [f"{module.name}: {line.strip()}" for line in lines if PLATFORM_NAME.search(line) and KNOWN_NAME not in line]


def test_one_place_beside_its_own_folder_knows_a_platform() -> None:
    """bots/platforms.py is the list; what else is of all platforms names none of them."""
    ours = [each for each in read(ROOT, "bots", "core") if each.inside(*OF_ALL) or each.name.count(".") == 1]
    assert len(ours) > 50
    assert [line for each in ours if each.name != "bots.platforms" for line in named_platforms(each)] == []


def test_a_platform_that_is_named_is_found() -> None:
    """In an import, a name or a text; an explanation may name one."""
    for source in ("import bots.slack", "def of(slack): ...", "HINT = 'set DISCORD_TOKEN'"):
        assert named_platforms(parse("core.x", source))
    assert named_platforms(parse("core.x", '"""As Slack does."""\nA = 1  # on Discord')) == []


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """Yield each function's name and how many lines it takes from `def` to its last, docstring and all."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module.name}.{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def too_long(lengths: dict[str, int]) -> list[str]:
    """Name the functions over the hard bound, and those over the usual one where they are more than a tenth."""
    over = [name for name, lines in lengths.items() if lines > LONGEST_FUNCTION]
    long = [name for name, lines in lengths.items() if lines > USUAL_FUNCTION]
    return over + (long if len(long) > len(lengths) / 10 else [])


def vague_names(module: Module) -> list[str]:
    """Name the file and the classes whose name says nothing of what they are."""
    classes = [node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]
    return [name for name in [module.name.split(".")[-1], *classes] if VAGUE_NAME.search(name)]


def test_a_file_is_read_in_one_sitting() -> None:
    """No file that is shipped is longer than 300 lines."""
    files = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_a_function_is_read_at_a_glance() -> None:
    """None is longer than 40 lines, nine in ten keep to 25, and the usual one is far shorter."""
    lengths = {f"{name} ({lines})": lines for module in read(ROOT, *SHIPPED) for name, lines in functions(module)}
    assert too_long(lengths) == []
    assert statistics.median(lengths.values()) <= 12


def test_a_function_that_is_too_long_is_found() -> None:
    """Both bounds are shown a function that breaks them."""
    body = "\n".join(f"    line = {number}" for number in range(LONGEST_FUNCTION))
    assert dict(functions(parse("core.x", f"async def long():\n{body}"))) == {"core.x.long": LONGEST_FUNCTION + 1}
    assert too_long({"long": 41} | {str(number): 5 for number in range(99)}) == ["long"]
    assert too_long({"a": 26, "b": 30} | {str(number): 5 for number in range(17)}) == ["a", "b"]
    assert too_long({"a": 26} | {str(number): 5 for number in range(17)}) == []


def test_a_name_says_what_it_is() -> None:
    """No file and no class is named after nothing in particular."""
    assert [name for module in read(ROOT, *SHIPPED, "tests") for name in vague_names(module)] == []


@pytest.mark.parametrize("name", ["StringUtils", "SlackHelper", "StreamManager", "AbstractPlatform", "_AbstractStore"])
def test_a_name_that_says_nothing_is_found(name: str) -> None:
    """The rule on names is shown names that break it, of a class and of a file."""
    assert vague_names(parse("core.text", f"class {name}: ...")) == [name]
    assert vague_names(parse("bots.utils", "")) == ["utils"]
    assert vague_names(parse("bots.slack_helpers", "")) == ["slack_helpers"]
    assert vague_names(parse("core.messages", "class Message: ...")) == []


def listed(section: str) -> list[str]:
    """Return the lines of a list in pyproject.toml, as they are written."""
    found = re.search(rf"^{section} = \[\n(.*?)^\]", PYPROJECT, re.MULTILINE | re.DOTALL)
    assert found, f"pyproject.toml has no {section}"
    return found[1].splitlines()


@pytest.mark.parametrize("section", ["dependencies", "voice", "mcp", "whisper", "local", "sandbox", "dev"])
def test_every_dependency_gives_its_reason(section: str) -> None:
    """A line of its own, with the reason beside it."""
    assert [line for line in listed(section) if not re.fullmatch(r'  ".+",\s+# \S.{10,}', line)] == []


def test_every_runtime_dependency_is_imported() -> None:
    """What the bot does not import, its image need not carry."""
    used = {found.target.split(".")[0] for module in read(ROOT, *SHIPPED) for found in imports(module)}
    wanted = [Requirement(line).name for line in tomllib.loads(PYPROJECT)["project"]["dependencies"]]
    modules = {"python-dotenv": "dotenv", "discord.py": "discord", "splintr-rs": "splintr", "pillow": "PIL"}
    modules |= {"google-re2": "re2", "pyyaml": "yaml"}
    assert [name for name in wanted if modules.get(name, name.replace("-", "_")) not in used] == []


def pins(lock: str) -> dict[str, str]:
    """Return the exact version of each package in a requirements file."""
    lines = (ROOT / lock).read_text().splitlines()
    requirements = [Requirement(line.removesuffix("\\")) for line in lines if not line.startswith((" ", "#"))]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_exact_versions_and_hashes_and_names_no_index(lock: str) -> None:
    """Where packages come from is for the machine to say: its pip configuration is respected."""
    packages = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    pattern = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^\n]+?)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+")
    assert [package[:60] for package in packages if not pattern.fullmatch(package)] == []


def test_the_locks_agree_with_what_pyproject_asks_for() -> None:
    """Every dependency is locked within its range, and a longer lock holds the shorter one, version by version."""
    runtime, tried, everything = (pins(lock) for lock in LOCKS)
    project = tomllib.loads(PYPROJECT)
    extras = project["project"]["optional-dependencies"]
    assert unmet(project["project"]["dependencies"] + extras["voice"] + extras["mcp"], runtime) == []
    assert unmet(extras["sandbox"], tried) == []
    assert unmet(project["dependency-groups"]["dev"], everything) == []
    assert runtime.items() <= tried.items() <= everything.items()
    assert "pocketsphinx" not in runtime


def unmet(wanted: list[str], locked: dict[str, str]) -> list[str]:
    """Return the requirements that the locked versions do not meet."""
    needs = [(line, Requirement(line)) for line in wanted]
    return [line for line, need in needs if not need.specifier.contains(locked.get(canonicalize_name(need.name), "0"))]


def test_a_requirement_that_is_not_met_is_found() -> None:
    """A version outside the range, or none at all."""
    assert unmet(["aiohttp>=3.14,<4", "click>=8"], {"aiohttp": "3.13.0"}) == ["aiohttp>=3.14,<4", "click>=8"]
    assert unmet(["aiohttp>=3.14,<4", "discord.py>=2"], {"aiohttp": "3.14.5", "discord-py": "2.7.1"}) == []


def test_a_function_says_what_it_does_or_returns_and_a_class_has_a_name_of_its_own() -> None:
    """No function is named by a bare participle, and no public class name stands twice (`make house` counts more)."""
    defined = list(definitions(read(ROOT, "bots", "core")))
    assert [each for each in defined if not each.is_class and is_participle(each.name)] == []
    assert repeated_classes(defined) == []


def test_a_bare_participle_and_a_class_that_stands_twice_are_found() -> None:
    """A verb that ends as a participle does is none."""
    assert [name for name in ("_told", "joined", "feed", "join_parts", "read_line") if is_participle(name)] == [
        "_told",
        "joined",
    ]
    twice = [Defined("Answer", "core.a", is_class=True), Defined("Answer", "core.b", is_class=True)]
    assert repeated_classes(twice) == ["Answer"]


def test_few_public_names_stand_in_three_files_or_more() -> None:
    """Such a name has to be looked up each time it is met; what a Protocol promises has one meaning everywhere."""
    modules = list(read(ROOT, "bots", "core"))
    assert len(common_names(definitions(modules), promised=promised_names(modules))) < 15
