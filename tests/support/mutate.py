"""A sample of small changes to the code, each of which some test should notice; what none notices is printed.

`python -m tests.support.mutate [how many] [seed]`. Changes are made in a copy of the tree, against the test files that
are nearest to the changed module by their imports. A change that no test can notice is counted as a survivor too.
"""

import ast
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.support.imports import Module, imports, read

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".hypothesis", "__pycache__", ".*_cache")
NEAREST = 8  # test files that a change is tried against
LONGEST = 600.0  # seconds for them; what takes longer hangs, which is noticed
SENTENCE = 20  # characters from which on a text is emptied: a shorter one is a key or a name
NOTICED = {1, 2}  # pytest's exit codes for a test that failed, and for a collection that did

OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a module's source; `place` is where the old text begins and ends, in bytes."""

    module: str
    line: int
    kind: str
    place: tuple[int, int]
    text: str


def changes_of(module: str, source: str) -> list[Change]:
    """Return every change that can be made to a module, in the order of its source."""
    lines = [0]
    for line in source.encode().splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    tree = ast.parse(source)
    return [
        Change(module, node.lineno, kind, (_offset(lines, node), _end_offset(lines, node)), text)
        for node in _outside_of_texts(tree)
        for kind, text in _replacements(node, source)
    ]


def apply_change(source: str, change: Change) -> str:
    """Return the source with the change."""
    raw, (start, end) = source.encode(), change.place
    return (raw[:start] + change.text.encode() + raw[end:]).decode()


def _offset(lines: list[int], node: ast.expr | ast.stmt) -> int:
    return lines[node.lineno - 1] + node.col_offset


def _end_offset(lines: list[int], node: ast.expr | ast.stmt) -> int:
    return lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _outside_of_texts(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield a tree's statements and expressions but for docstrings, types, and what stands inside of f-strings."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            if not isinstance(child, ast.JoinedStr):
                yield from _outside_of_texts(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _replacements(node: ast.expr | ast.stmt, source: str) -> Iterator[tuple[str, str]]:
    """Yield what a node can be changed to: the kind of change, and the text in its place."""
    match node:
        case ast.Compare(left, [operator], [right]):
            yield "comparison", f"({ast.unparse(left)} {OPERATORS[type(operator)]} {ast.unparse(right)})"
        case ast.BoolOp(operator, values):
            other = " or " if isinstance(operator, ast.And) else " and "
            yield "condition", f"({other.join(f'({ast.unparse(value)})' for value in values)})"
        case ast.UnaryOp(ast.Not(), operand):
            yield "condition", f"({ast.unparse(operand)})"
        case ast.Call(function, [first, second, *rest], keywords) if not isinstance(first, ast.Starred):
            swapped = ast.Call(function, [second, first, *rest], keywords)
            yield "order of arguments", ast.unparse(swapped)
        case ast.Expr() | ast.AugAssign():
            yield "statement", "pass"
        case ast.Try(body, handlers) if handlers:
            bare = ast.Try(body, [ast.ExceptHandler(each.type, None, [ast.Raise()]) for each in handlers], [], [])
            yield "handler", ast.unparse(bare).replace("\n", f"\n{' ' * node.col_offset}")
        case ast.Constant() | ast.JoinedStr():
            yield from _other_values(node, ast.get_source_segment(source, node) or "")


def _other_values(node: ast.Constant | ast.JoinedStr, written: str) -> Iterator[tuple[str, str]]:
    """Yield other values in place of a constant."""
    if " AND " in written:
        yield "clause of SQL", written.replace(" AND ", " OR ", 1)
    elif isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
        if len(written) > SENTENCE:
            yield "sentence", '""'
    elif isinstance(node.value, bool):
        yield "constant", str(not node.value)
    elif isinstance(node.value, int | float):
        yield "constant", str(node.value + 1)


def nearest_tests(module: str, modules: list[Module]) -> list[str]:
    """Return the test files that reach a module over the fewest imports, nearest first."""
    importers: dict[str, list[str]] = {}
    for each in modules:
        for found in imports(each):
            for name in (found.target, found.target.rpartition(".")[0]):
                importers.setdefault(name, []).append(each.name)
    reached = {module: None}
    for name in (queue := [module]):
        for importer in importers.get(name, ()):
            if importer not in reached:
                reached[importer] = None
                queue.append(importer)
    tests = (name for name in reached if name.startswith("tests.") and ".test_" in name and "browser" not in name)
    return [f"{name.replace('.', '/')}.py" for name in tests][:NEAREST]


def is_noticed(tree: Path, change: Change, tests: list[str]) -> bool:
    """Make a change in a tree, say whether one of these test files fails by it, and undo it."""
    path = tree / f"{change.module.replace('.', '/')}.py"
    source = path.read_text()
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not prove", *tests]
    path.write_text(apply_change(source, change))
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603 - our own tests
    except subprocess.TimeoutExpired:
        return True
    else:
        return done.returncode in NOTICED
    finally:
        path.write_text(source)


def _sample(modules: list[Module], number: int, seed: int) -> list[Change]:
    found = []
    for each in modules:
        path = ROOT / f"{each.name.replace('.', '/')}.py"
        if not each.is_package and each.inside("bots", "core"):
            found += changes_of(each.name, path.read_text())
    return random.Random(seed).sample(found, min(number, len(found)))


def try_changes(number: int, seed: int, tell: Callable[[str], None]) -> None:
    """Try so many changes and tell of each, and then of the score by module."""
    modules = read(ROOT, "bots", "core", "tests")
    tried, noticed = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT, symlinks=True)
        for change in _sample(modules, number, seed):
            is_seen = is_noticed(tree, change, nearest_tests(change.module, modules))
            tried[change.module] += 1
            noticed[change.module] += is_seen
            tell(f"{'noticed ' if is_seen else 'SURVIVED'} {change.module}:{change.line} {change.kind}")
    for name in sorted(tried):
        tell(f"{noticed[name]:3} of {tried[name]:3} {name}")
    tell(f"{noticed.total()} of {tried.total()} changes noticed, seed {seed}")


if __name__ == "__main__":
    how_many, begin = (*map(int, sys.argv[1:]), *(40, 1)[len(sys.argv) - 1 :])
    try_changes(how_many, begin, tell=partial(print, flush=True))
