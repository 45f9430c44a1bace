"""How easily one finds one's way in bots/ and core/, as figures: `make house` prints them; tests hold some."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.imports import Module, imports, read

ROOT = Path(__file__).parents[2]
# Irregular ones; the others end in -ed. A name of one such word tells neither what is done nor what is returned.
PARTICIPLES = frozenset(
    [
        *(
            "told",
            "said",
            "sent",
            "heard",
            "made",
            "held",
            "kept",
            "known",
            "begun",
            "written",
            "found",
            "given",
            "taken",
        ),
        *(
            "shown",
            "spoken",
            "lost",
            "met",
            "sewn",
            "drawn",
            "gone",
            "done",
            "seen",
            "meant",
            "built",
            "bound",
            "broken",
        ),
        *("chosen", "won", "hidden"),
    ]
)

VERBS = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed"})  # that end as participles do


@dataclass(frozen=True, slots=True)
class Defined:
    """A function, method or class, and the module that defines it."""

    name: str
    module: str
    is_class: bool = False

    @property
    def is_public(self) -> bool:
        """Whether others may use it."""
        return not self.name.startswith("_")


def definitions(modules: Iterable[Module]) -> Iterator[Defined]:
    """Yield every function, method and class, dunders left out."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield Defined(node.name, module.name, is_class=True)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
                yield Defined(node.name, module.name)


def share_of_one_word(defined: Iterable[Defined]) -> float:
    """Return which share of the public functions' names has one word alone, from 0 to 1; each name counts once."""
    names = {each.name for each in defined if each.is_public and not each.is_class}
    return sum("_" not in name for name in names) / max(1, len(names))


def is_participle(name: str) -> bool:
    """Say whether a name is a bare participle: `joined`, `_told`, but not `feed`."""
    word = name.strip("_")
    return "_" not in word and (word in PARTICIPLES or bool(re.fullmatch(r"\w{2,}ed", word))) and word not in VERBS


def common_names(defined: Iterable[Defined], most: int = 2, promised: frozenset[str] = frozenset()) -> list[str]:
    """Return the public function names that more than `most` files define.

    What a Protocol has `promised` has one meaning wherever it is kept, and is left out.
    """
    files: dict[str, set[str]] = defaultdict(set)
    for each in defined:
        if each.is_public and not each.is_class and each.name not in promised:
            files[each.name].add(each.module)
    return sorted(name for name, where in files.items() if len(where) > most)


def promised_names(modules: Iterable[Module]) -> frozenset[str]:
    """Return the names of the members of every Protocol."""
    protocols = [
        node
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
    ]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(member.name for each in protocols for member in each.body if isinstance(member, functions))


def repeated_classes(defined: Iterable[Defined]) -> list[str]:
    """Return the public class names that stand more than once."""
    counts = Counter(each.name for each in defined if each.is_class and each.is_public)
    return sorted(name for name, count in counts.items() if count > 1)


def folder_of(module: str) -> str:
    """Return the folder of core in which a module lies, empty for what lies at its root."""
    parts = module.split(".")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else ""


def folder_imports(modules: Iterable[Module], folders: set[str]) -> dict[str, set[str]]:
    """Return for each folder of core which others it imports."""
    arrows: dict[str, set[str]] = {folder: set() for folder in folders}
    for module in modules:
        for found in imports(module):
            parts = found.target.split(".")
            if len(parts) > 1 and parts[0] == "core" and parts[1] in folders and folder_of(module.name):
                arrows[folder_of(module.name)].add(parts[1])
    return {folder: found - {folder} for folder, found in arrows.items()}


def circles(arrows: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the pairs of folders each of which reaches the other."""
    reach = {folder: _reached(folder, arrows) for folder in arrows}
    return sorted((one, two) for one in arrows for two in reach[one] if one < two and one in reach[two])


def _reached(folder: str, arrows: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = set(arrows[folder])
    while ahead:
        step = ahead.pop()
        found.add(step)
        ahead |= arrows[step] - found
    return found


def _knows_sqlite(module: Module) -> bool:
    return any(found.reaches("sqlite3", "sqlite_utils") for found in imports(module))


def figures(root: Path = ROOT) -> dict[str, list[str] | str]:
    """Return each figure by what it counts: a number as text, or the names that make it up."""
    modules = read(root, "bots", "core")
    defined = list(definitions(modules))
    folders = {path.name for path in (root / "core").iterdir() if (path / "__init__.py").exists()}
    pairs = circles(folder_imports(modules, folders))
    databases = [each.name for each in modules if _knows_sqlite(each)]
    return {
        "function names of one word": f"{share_of_one_word(defined):.0%}",
        "functions named by a bare participle": [
            f"{each.module}.{each.name}" for each in defined if not each.is_class and is_participle(each.name)
        ],
        "public function names in three files or more": common_names(defined, promised=promised_names(modules)),
        "public class names that stand twice": repeated_classes(defined),
        "folders of core in a circle": [" and ".join(pair) for pair in pairs],
        "modules that know sqlite3 or sqlite-utils": databases,
        "README, KB": f"{(root / 'README.md').stat().st_size / 1000:.1f}",
    }


def main() -> None:
    """Print the figures, with the names behind those that are few."""
    for what, found in figures().items():
        if isinstance(found, str):
            print(f"{what}: {found}")  # noqa: T201 - it is run to be read
        else:
            names = f" ({', '.join(found)})" if 0 < len(found) <= 20 else ""
            print(f"{what}: {len(found)}{names}")  # noqa: T201 - the same


if __name__ == "__main__":
    main()
