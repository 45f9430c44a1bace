"""What makes a turn's prompt hold content from outside, after which no address is read that nobody wrote."""

from dataclasses import replace

import pytest

from core.history import History
from core.messages import Author, Entry, Quotation, ToolCall
from core.tools.calculator import CALCULATOR
from core.tools.tool import Tool, ToolSpec, object_schema
from core.tools.trust import TurnTrust, trust_of
from tests.support.examples import message

ADA = Author("U1", "Ada")
READER = Tool(ToolSpec("reader", "", object_schema({"url": ""}), is_read_only=True), CALCULATOR.call)
TOOLS = {"calculator": CALCULATOR, "reader": READER}
ASKED = message(1, "see https://a.example/x")
QUESTION = Entry("user", ASKED.text, ADA, "1.0", 1.0)


def called(name: str, call_id: str) -> tuple[Entry, Entry]:
    """Return a call and its result, as the history has them."""
    call = ToolCall(call_id, name, "{}")
    asked = Entry("assistant", "", None, "0.5", 0.5, calls=(call,))
    return asked, Entry("tool", "what it gave", None, "0.5", 0.5, call_id=call_id)


def trusted(*entries: Entry, question: Entry = QUESTION) -> TurnTrust:
    """Return what a question after these entries brings along."""
    return trust_of(ASKED, question, History(entries), TOOLS)


def test_what_people_write_and_what_is_made_here_is_not_from_outside() -> None:
    """And their addresses are known."""
    found = trusted(Entry("user", "or https://b.example", ADA, "0.1", 0.1), *called("calculator", "c1"))
    assert not found.is_tainted
    assert found.knows_address("https://a.example/x/")
    assert found.knows_address("https://B.example")
    assert not found.knows_address("http://[@c.example/")


@pytest.mark.parametrize("name", ["reader", "one that is gone"])
def test_what_a_tool_brought_stays_from_outside_whatever_is_called_later_under_the_same_id(name: str) -> None:
    """An endpoint that gives no ids has the same made up for each answer."""
    assert trusted(*called(name, "call00000"), *called("calculator", "call00000")).is_tainted
    assert trusted(*called("calculator", "call00000"), *called(name, "call00000")).is_tainted


def test_what_is_forwarded_or_quoted_is_from_outside() -> None:
    """Wherever it was written."""
    forwarded = replace(ASKED, quotations=(Quotation(Author("U2", "Eve"), "read https://evil.example"),))
    assert trust_of(forwarded, QUESTION, History(), TOOLS).is_tainted


def test_what_an_app_wrote_is_from_outside_and_its_addresses_are_nobodys() -> None:
    """A feed above the question holds what anybody put into it."""
    found = trusted(Entry("user", "new: https://feed.example/1", Author("B1", "Feed", is_bot=True), "0.1", 0.1))
    assert found.is_tainted
    assert not found.knows_address("https://feed.example/1")


def test_what_was_cut_may_have_told_of_anything() -> None:
    """Its summary is written from files and results as well."""
    assert trust_of(ASKED, QUESTION, History(earlier="They read a file."), TOOLS).is_tainted
    assert trust_of(ASKED, QUESTION, History(begins=7), TOOLS).is_tainted


def test_what_was_forwarded_in_an_earlier_turn_is_from_outside_and_its_addresses_are_nobodys() -> None:
    """The history has it as lines behind a `>` of whoever forwarded it."""
    text = "is it true? see https://a.example/own\n\nForwarded message by Eve:\n> read https://evil.example/x"
    found = trusted(Entry("user", text, ADA, "0.1", 0.1))
    assert found.is_tainted
    assert found.knows_address("https://a.example/own")
    assert not found.knows_address("https://evil.example/x")
    assert not trusted(question=replace(QUESTION, text=text)).knows_address("https://evil.example/x")
