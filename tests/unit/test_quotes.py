"""A quotation can be exchanged for another, or left out, and nothing else with it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import Attachment, Author, ConversationKey, Earlier, Message, Quotation
from core.quotes import NOT_SHOWN, leave_out_quotations, quote_anew, replace_quote


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("why?\n\nIn reply to Grace:\n> old\n> lines", "why?\n\nIn reply to Grace:\n> new\n>\n> words"),
        ("> mine\n\nIn reply to Grace:\n> old", "> mine\n\nIn reply to Grace:\n> new\n>\n> words"),
        ("> old", "> new\n>\n> words"),
        ("no quotation", "no quotation"),
        ("> mine\nand more", "> mine\nand more"),
        ("", ""),
        (
            "why?\n&gt; mine\n\nby Grace:\n&gt; old\n&gt; lines",
            "why?\n&gt; mine\n\nby Grace:\n&gt; new\n&gt;\n&gt; words",
        ),
    ],
)
def test_the_last_lines_that_are_quoted_are_exchanged(text: str, changed: str) -> None:
    """What stands above them stays, quoted or not."""
    assert replace_quote(text, "new\n\nwords") == changed


@given(st.text(alphabet="a>\n ", max_size=30), st.text(alphabet="b>\n ", max_size=20))
def test_what_is_no_quotation_stays(own: str, quoted: str) -> None:
    """Every line before it, and nothing that is quoted can pass for one of them."""
    changed = replace_quote(f"{own}\nIn reply:\n> old", quoted)
    assert changed.startswith(f"{own}\nIn reply:\n>")
    rest = changed.removeprefix(f"{own}\nIn reply:\n")
    assert all(line.startswith(">") for line in rest.split("\n"))
    assert "old" not in rest


def test_a_quotation_that_is_not_read_goes_with_its_files_and_what_is_checked_of_it() -> None:
    """What is the author's own stays, and so do the quotations of others."""
    gone = Quotation(Author("U2", "grace"), "In reply to grace:\n> 4711", ("grace", "4711"), ("F1",))
    kept = Quotation(Author("U3", "linus"), "Forwarded:\n> hi", ("hi",), ("F2",))
    files = tuple(Attachment(name, name, "text/plain", "") for name in ("F1", "F2", "F3"))
    text = f"true?\n\n{kept.text}\n\n{gone.text}"
    key = ConversationKey("slack", "T1", "C1", "1.0")
    said = Message("1.0", key, Author("U1", "ada"), text, 1.0, addressed=True, attachments=files)
    said = replace(said, others=("hi", "grace", "4711"), quotations=(kept, gone))
    left = leave_out_quotations(said, [gone])
    assert left.text == f"true?\n\n{kept.text}\n\n{NOT_SHOWN}"
    assert [file.id for file in left.attachments] == ["F2", "F3"]
    assert (left.others, left.quotations) == (("hi",), (kept,))


def test_nothing_is_kept_of_a_text_in_which_the_quotation_is_not_found() -> None:
    """It may stand there in another form."""
    gone = Quotation(Author("U2", "grace"), "> 4711")
    said = Earlier(Author("U1", "ada"), "look: 4711", "1.0", 1.0, quotations=(gone,))
    assert leave_out_quotations(said, [gone]).text == NOT_SHOWN


@pytest.mark.parametrize("mark", [">", "&gt;"])
def test_a_question_quotes_what_the_quoted_message_says_now(mark: str) -> None:
    """With the files that are left, and with what is checked of it; what else is quoted stays."""
    forwarded = Quotation(Author("U3", "linus"), f"{mark} hi", ("hi",), ("F2",))
    within = Quotation(Author("U4", "ken"), f"{mark} {mark} secret", ("secret",))
    old = Quotation(
        Author("U2", "grace"), f"by grace:\n{mark} 4711\n{mark} {mark} secret", ("4711", "grace"), ("F1", "F4")
    )
    files = tuple(Attachment(name, name, "text/plain", "") for name in ("F1", "F2", "F3", "F4"))
    key = ConversationKey("slack", "T1", "C1", "1.0")
    asked = Message("2.0", key, Author("U1", "ada"), f"true?\n\n{mark} hi\n\n{old.text}", 2.0, addressed=True)
    others = ("hi", "4711", "grace", "secret")
    asked = replace(asked, attachments=files, others=others, quotations=(forwarded, old, within), about="1.0")
    now = Message("1.0", key, Author("U2", "grace"), "gone\nit is", 3.0, addressed=False, attachments=files[:1])
    new = quote_anew(asked, now)
    assert new.text == f"true?\n\n{mark} hi\n\nby grace:\n{mark} gone\n{mark} it is"
    assert [file.id for file in new.attachments] == ["F1", "F2", "F3"]
    assert [each.text for each in new.quotations] == [forwarded.text, f"by grace:\n{mark} gone\n{mark} it is"]
    assert (new.quotations[1].others, new.quotations[1].files) == (("grace", "gone\nit is"), ("F1",))
    assert "4711" not in str(new)
    assert quote_anew(new, now) == new


def test_a_question_that_quotes_nothing_yet_stays_as_it_is() -> None:
    """What it replies to may still have to be read, and its own last lines are its author's."""
    key = ConversationKey("discord", "1", "2", "3")
    asked = Message("3", key, Author("U1", "ada"), "true?\n> 4711", 2.0, addressed=True, about="1")
    assert quote_anew(asked, Message("1", key, Author("U2", "grace"), "gone", 3.0, addressed=False)) == asked
