"""The table of rules is whole: each row has its test, each refusal its row, and the app is what its manifest says."""

import ast
from collections.abc import Iterator
from pathlib import Path

from deploy.sandbox.slack.rights import GRANTED
from deploy.sandbox.slack.rules import RULES
from deploy.sandbox.slack.workspace import COMMANDS, SHORTCUTS, SUBSCRIPTIONS
from tests.support import plain_yaml

TESTS = Path(__file__).parent
SLACK = TESTS.parents[1] / "deploy" / "sandbox" / "slack"
# Which argument of a call is an error code.
CODES = {"Refused": 0, "decoded": 2, "own_post": 2}
# How the wording of a rule begins that is answered with no error code.
OTHERS = ("retry_reason", "X-Slack", "the person reads ")


def names_of_tests() -> set[str]:
    """Every test of the pretend Slack."""
    trees = [ast.parse(path.read_text()) for path in TESTS.glob("test_slack*.py")]
    return {node.name for tree in trees for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}


def refusals() -> Iterator[tuple[str, str]]:
    """Every error code that the source holds, and where: as a constant in a call that refuses."""
    for path in SLACK.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CODES:
                code = node.args[CODES[node.func.id] :][:1]
                if code and isinstance(code[0], ast.Constant):
                    yield str(code[0].value), f"{path.name}:{node.lineno}"


def test_every_rule_has_a_test_that_exists() -> None:
    """A row whose test was renamed or lost is found here."""
    tests = names_of_tests()
    assert [row.rule for row in RULES if row.test not in tests] == []


def test_no_test_stands_for_two_rules() -> None:
    """One rule, one test, and no rule twice."""
    assert len({row.test for row in RULES}) == len({row.rule for row in RULES}) == len(RULES)


def test_every_refusal_in_the_source_is_a_rule() -> None:
    """A new error code needs its row, and so its test."""
    known = {row.code for row in RULES}
    assert [place for code, place in refusals() if code not in known] == []


def test_every_error_code_of_a_rule_is_refused_somewhere() -> None:
    """A row for a refusal that was taken out is found here; what is no error code is told apart by its wording."""
    used = {code for code, _ in refusals()}
    others = {"any", "too_many_websockets", "404", "403", "200 with a login page", "not registered"}
    rows = [row for row in RULES if row.code not in others and not row.code.startswith(OTHERS)]
    assert [row.rule for row in rows if row.code not in used] == []


def named(entries: list[plain_yaml.Value], key: str) -> set[plain_yaml.Value]:
    """Return what each entry of a list has under a key."""
    return {str(entry[key]) for entry in entries if isinstance(entry, dict)}


def test_the_app_was_granted_what_its_manifest_asks_for() -> None:
    """So that a missing scope or subscription shows here before it shows in a real workspace."""
    manifest = plain_yaml.load((TESTS.parents[1] / "deploy" / "slack-manifest.yaml").read_text())
    match manifest:
        case {
            "features": {"slash_commands": list(commands), "shortcuts": list(shortcuts)},
            "oauth_config": {"scopes": {"bot": list(scopes)}},
            "settings": {"event_subscriptions": {"bot_events": list(subscribed)}},
        }:
            assert set(scopes) == GRANTED
            assert set(subscribed) == SUBSCRIPTIONS
            assert named(commands, "command") == COMMANDS
            assert named(shortcuts, "callback_id") == SHORTCUTS
        case _:
            raise AssertionError("the manifest lacks scopes, events, commands or shortcuts")
