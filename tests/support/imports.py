"""Who may import whom, as pure functions over a module's syntax tree; `tests/unit/test_house.py` holds it."""

import ast
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bots.platforms

STORAGE = ("core.storage",)
PORT = (
    "core.cards",
    "core.confusables",
    "core.channel_gone",
    "core.chat_commands",
    "core.commands",
    "core.errors",
    "core.knowledge.audience",
    "core.face",
    "core.messages",
    "core.model_events",
    "core.policy",
    "core.ports",
    "core.preferences",
    "core.quotes",
    "core.retry",
    "core.setting_fields",
)
NOUNS = (
    "core.face",
    "core.cards",
    "core.confusables",
    "core.channel_gone",
    "core.messages",
    "core.model_events",
    "core.ports",
    "core.errors",
    "core.sanitize",
    "core.history",
    "core.token_ratio",
)
PROMPT = ("core.prompt.build", "core.prompt.names", "core.prompt.shorten")  # pure
FOUNDATIONS = ("core.storage", "core.files")
ROOMS = tuple(
    f"core.{room}" for room in ("storage", "prompt", "llm", "files", "voice", "moderation", "tools", "knowledge")
)
PLATFORMS = tuple(each.name for each in bots.platforms.PLATFORMS)


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file: its dotted name (`core.storage.store`; a package has its folder's name) and its syntax tree."""

    name: str
    tree: ast.Module
    is_package: bool = False

    def inside(self, *names: str) -> bool:
        """Say whether this is one of these modules, or lies in one of these packages."""
        return any(within(self.name, name) for name in names)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `from core.errors import BotError` is `core.errors.BotError`; `in_function` if inside one."""

    target: str
    line: int
    in_function: bool = False

    def reaches(self, *names: str) -> bool:
        """Say whether one of these modules, or something in it, is imported."""
        return any(within(self.target, name) for name in names)


Rule = Callable[[Module, Import], str | None]


def within(dotted: str, package: str) -> bool:
    """Say whether a dotted name is the package or lies in it: `core.storage.store` is within `core`, `cores` is not."""
    return dotted == package or dotted.startswith(package + ".")


def parse(name: str, source: str, *, is_package: bool = False) -> Module:
    """Read a module's source, or raise SyntaxError."""
    return Module(name, ast.parse(source), is_package)


def read(root: Path, *folders: str) -> list[Module]:
    """Read every Python file in these folders under the root, in the order of their paths."""
    return [_from_file(path, root) for folder in folders for path in sorted((root / folder).rglob("*.py"))]


@cache
def _from_file(path: Path, root: Path) -> Module:
    """Return a file's module, read once: nothing changes while the tests run."""
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return parse(".".join(parts[:-1] if is_package else parts), path.read_text(), is_package=is_package)


def imports(module: Module) -> Iterator[Import]:
    """Yield everything that a module imports, wherever it stands; a relative import by its full name."""
    # In an expression none can stand.
    found: deque[tuple[ast.AST, bool]] = deque([(module.tree, False)])
    while found:
        node, in_function = found.popleft()
        below = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        found.extend((each, below) for each in ast.iter_child_nodes(node) if not isinstance(each, ast.expr))
        if isinstance(node, ast.Import | ast.ImportFrom):
            prefix = f"{_origin(module, node)}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                yield Import(prefix + alias.name, node.lineno, in_function)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def nouns_stand_alone(module: Module, found: Import) -> str | None:
    """The nouns, the prompt's building and the commands import the standard library and the nouns."""
    if not module.inside(*NOUNS, *PROMPT, "core.commands"):
        return None
    own = found.reaches(*NOUNS) or (module.inside(*PROMPT) and found.reaches(*PROMPT))
    known = own or found.target.split(".")[0] in sys.stdlib_module_names
    return None if known else "the nouns import the standard library and each other"


def core_knows_no_platform(module: Module, found: Import) -> str | None:
    """Core imports no platform, no platform's SDK and no web server."""
    outside = found.reaches("bots", "deploy", "tests", "slack_sdk", "slack_bolt", "discord", "aiohttp")
    if found.reaches("aiohttp") and module.inside("core.llm.http_client"):
        return None  # whose errors it makes into httpx's
    return "core knows no platform" if module.inside("core") and outside else None


def nobody_in_core_imports_the_main_path(module: Module, found: Import) -> str | None:
    """core.conversation uses the rest of core, never the other way round; intake and worker, above it, alone do."""
    above = module.inside("core.worker", "core.intake")
    upward = module.inside("core") and not above and found.reaches("core.conversation")
    return "core.conversation stands above the rest of core" if upward else None


def nobody_in_core_imports_the_top(module: Module, found: Import) -> str | None:
    """core.intake is the top of core, and hands what it took to core.worker; nobody else knows either."""
    if module.inside("core") and found.reaches("core.intake"):
        return "core.intake stands above the rest of core"
    upward = module.inside("core") and not module.inside("core.intake") and found.reaches("core.worker")
    return "core.worker stands above the rest of core" if upward else None


def a_foundation_leans_on_no_room(module: Module, found: Import) -> str | None:
    """core.storage and core.files import core's root alone, none of its other folders."""
    own = next((room for room in FOUNDATIONS if module.inside(room)), None)
    if own is None or found.reaches(own):
        return None
    return "storage and files import core's root alone" if found.reaches(*ROOMS) else None


def only_the_store_knows_the_database(module: Module, found: Import) -> str | None:
    """The engine stays within the store's own files; tests look into its file through one of theirs."""
    astray = found.reaches("sqlite_utils", "sqlite3") and not module.inside(*STORAGE, "tests.support.database")
    return "the database is the store's alone" if astray else None


def only_the_model_speaks_httpx(module: Module, found: Import) -> str | None:
    """Httpx stays within core/llm*.py, and the tools that ask the web."""
    astray = found.reaches("httpx") and not module.inside("tests", "core.tools")
    return "httpx is the model's client alone" if astray and not module.name.startswith("core.llm") else None


def a_platform_sees_the_port_alone(module: Module, found: Import) -> str | None:
    """A platform imports what is listed here of core, never the store, the main path, or another platform."""
    own = next((name for name in PLATFORMS if module.inside(f"bots.{name}")), None)
    if own is None:
        return None
    if any(found.reaches(f"bots.{other}") for other in PLATFORMS if other != own):
        return "a platform knows no other platform"
    inward = found.reaches("core") and not found.reaches(*PORT)
    return f"a platform sees of core {', '.join(PORT)} alone" if inward else None


def the_sandbox_knows_the_wire_alone(module: Module, found: Import) -> str | None:
    """deploy/sandbox imports neither bots nor core, so it cannot agree with them by accident."""
    own = module.inside("deploy.sandbox") and found.reaches("bots", "core", "tests")
    return "the sandbox knows only the wire" if own else None


def nobody_imports_the_way_in(module: Module, found: Import) -> str | None:
    """bots/app.py puts everything together and bots/running.py runs it; nothing leans on it, or on what names both."""
    if found.reaches("bots.__main__"):
        return "bots.__main__ is run, never imported"
    by_another = found.reaches("bots.app") and module.name != "bots.running"
    return "bots.app is imported by bots.running alone" if by_another else None


def imports_stand_at_the_top(module: Module, found: Import) -> str | None:
    """A function imports nothing, but in bots/app.py and bots/platforms.py, which load what is used alone."""
    astray = found.in_function and module.name not in {"bots.app", "bots.platforms"}
    return "an import stands at the top" if astray else None


RULES: tuple[Rule, ...] = (
    nouns_stand_alone,
    core_knows_no_platform,
    nobody_in_core_imports_the_main_path,
    nobody_in_core_imports_the_top,
    a_foundation_leans_on_no_room,
    only_the_store_knows_the_database,
    only_the_model_speaks_httpx,
    a_platform_sees_the_port_alone,
    the_sandbox_knows_the_wire_alone,
    nobody_imports_the_way_in,
    imports_stand_at_the_top,
)


def broken(module: Module) -> list[str]:
    """Return one line for every import that breaks a rule, and for every reading of the environment by core."""
    faults = [
        f"{module.name}:{found.line} imports {found.target}: {fault}"
        for found in imports(module)
        for rule in RULES
        if (fault := rule(module, found))
    ]
    return faults + [f"{module.name}:{line} reads the environment" for line in environment_reads(module)]


def environment_reads(module: Module) -> Iterator[int]:
    """Yield the lines on which a module of core reads the environment instead of being given a value."""
    if not module.inside("core"):
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv" | "environb"):
                yield node.lineno
            case ast.ImportFrom(module="os", names=names) if {"environ", "getenv", "environb"} & {
                n.name for n in names
            }:
                yield node.lineno
