"""What is found in Slack of what people shared elsewhere, by who reads in the channel, and what ends with a channel."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from core.knowledge.lookup import NOTHING
from core.policy import ChannelSettings, Policies
from deploy.sandbox.slack.channel_changes import (
    archive,
    delete_channel,
    invite_guest,
    make_private,
    take_app_out,
    uninstall,
)
from deploy.sandbox.slack.roster import ADA, BOT_USER, LINUS, Channel, User, slack_id
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox
from tests.bench.question_sets import own_questions
from tests.support.bot import GENERAL, Setup, running
from tests.support.database import change, column, rows, wait_for_column
from tests.support.room import mention

RANDOM, BUDGET, ENGINEERING = (slack_id("C", name) for name in ("random", "budget", "engineering"))
CONNECT, MEETING = "C0CONNECT", "C0MEETING"
GUEST = User("U0GUEST12", "gus", "Gus Guest", is_restricted=True)
STRANGER = User("U0STRANGE", "sam", "Sam Stranger", team="T0OTHER12")
QUESTION = "what is the password of the guest wifi?"
# Where each password was posted.
SHARED = {"swordfish": RANDOM, "salmon": BUDGET, "herring": CONNECT, "haddock": f"D{LINUS[1:]}", "tench": ENGINEERING}


async def share(workspace: Workspace, channel: str, word: str, user: str = ADA) -> None:
    """Post a file that holds a password."""
    text = f"The password of the guest wifi is {word}.".encode()
    file = await workspace.upload(f"{word}.md", text, "text/markdown", user)
    await workspace.say(channel, "for all of us", user, files=[file])


async def found(sandbox: Sandbox, channel: str, user: str = ADA) -> set[str]:
    """Ask in a channel, or directly; return which passwords the model was told."""
    workspace, asked = sandbox.workspace, len(sandbox.model.requests)
    text = QUESTION if channel.startswith("D") else mention(QUESTION)
    thread = await workspace.say(channel, text, user)
    said = await workspace.until(
        lambda: [post.shown for post in workspace.thread(channel, thread) if post.user == BOT_USER]
    )
    words = {word for word in (*SHARED, "perch") if word in str(sandbox.model.requests[asked:])}
    assert (NOTHING in said[0]) is not bool(words)
    return words


def peopled(workspace: Workspace) -> None:
    """Let a guest into one channel and into a direct message, and people of another workspace into two more."""
    invite_guest(workspace, ENGINEERING, GUEST)
    workspace.users[STRANGER.id] = STRANGER
    for room in (
        Channel("D0GUEST12", "", "im", {GUEST.id, BOT_USER}),
        Channel("D0STRANGE", "", "im", {STRANGER.id, BOT_USER}),
        Channel(CONNECT, "partners", "channel", {ADA, STRANGER.id, BOT_USER}, is_shared=True),
        Channel(MEETING, "meeting", "group", {ADA, STRANGER.id, BOT_USER}, is_shared=True),
    ):
        workspace.channels[room.id] = room


def setup(*, across: bool = True) -> Setup:
    """Return a bot with knowledge on."""
    settings = {"knowledge": "files", "channel_context": 0, "knowledge_across": across}
    return Setup(policies=Policies(ChannelSettings.model_validate(settings)))


async def test_other_public_channels_are_looked_into_where_everybody_who_reads_may_read_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Never those that are private, direct, or shared with others; nothing crosses where a guest or others read."""
    workspace, database = sandbox.workspace, tmp_path / "confab.db"
    peopled(workspace)
    cases: dict[tuple[str, str], set[str]] = {
        (GENERAL, ADA): {"swordfish", "tench", "perch"},
        (BUDGET, ADA): {"swordfish", "tench", "salmon", "perch"},
        (f"D{ADA[1:]}", ADA): {"swordfish", "tench", "perch"},
        (f"D{LINUS[1:]}", LINUS): {"swordfish", "tench", "haddock", "perch"},
        (RANDOM, ADA): {"swordfish", "tench", "perch"},
        (ENGINEERING, ADA): {"tench", "perch"},  # where a guest reads
        (CONNECT, ADA): {"herring"},
        (MEETING, ADA): set(),
        ("D0GUEST12", GUEST.id): set(),
        ("D0STRANGE", STRANGER.id): set(),
    }
    async with running(sandbox, database, setup()):
        for word, channel in SHARED.items():
            await share(workspace, channel, word, LINUS if channel.startswith("D") else ADA)
        await wait_for_column(database, "SELECT 1 FROM sources WHERE state = 'indexed'", lambda all_: len(all_) == 5)
        change(
            database,
            "INSERT INTO sources (platform, workspace, channel, thread, message_id, file_id, kind, name, author_id, "
            "posted_at, state) VALUES ('', '', '', '', '', 'p', 'import', 'p.md', '', 0, 'indexed')",
        )
        change(
            database,
            "INSERT INTO passages (source, place, title, label, text, tokens, hash) SELECT max(seq), 0, '', '', "
            "'The password of the guest wifi is perch.', 9, 'h' FROM sources",
        )
        assert {case: await found(sandbox, *case) for case in cases} == cases
    async with running(sandbox, database, setup(across=False)):
        assert await found(sandbox, GENERAL) == {"perch"}
    workspace.scopes.discard("users:read")
    async with running(sandbox, database, setup()):
        assert await found(sandbox, GENERAL) == set()


Change = Callable[[Workspace, str], Coroutine[Any, Any, None]]


@pytest.mark.parametrize("happens", [make_private, archive, take_app_out, delete_channel])
async def test_what_was_posted_goes_with_its_channel(sandbox: Sandbox, tmp_path: Path, happens: Change) -> None:
    """Left, deleted, archived or made private, with pieces, words, and answers that were kept; others' stays."""
    workspace, database = sandbox.workspace, tmp_path / "confab.db"
    async with running(sandbox, database, setup()):
        await share(workspace, RANDOM, "swordfish")
        await share(workspace, GENERAL, "tench")
        await wait_for_column(database, "SELECT 1 FROM sources WHERE state = 'indexed'", lambda all_: len(all_) == 2)
        assert await found(sandbox, GENERAL) == {"swordfish", "tench"}
        await happens(workspace, RANDOM)
        await wait_for_column(database, "SELECT name FROM sources", lambda all_: all_ == ["tench.md"])
        assert await found(sandbox, GENERAL) == {"tench"}
        assert not rows(database, "SELECT 1 FROM passage_words WHERE passage_words MATCH 'swordfish'")
        await uninstall(workspace)
        await wait_for_column(database, "SELECT name FROM sources", lambda all_: not all_)
    assert column(database, "SELECT count(*) FROM passages") == [0]


@pytest.mark.prove
async def test_of_thirty_questions_whose_only_source_may_not_be_read_none_is_answered_from_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Said in a private channel, directly, or in one that is shared with others; asked by who knows all of it."""
    workspace, database = sandbox.workspace, tmp_path / "confab.db"
    peopled(workspace)
    places = {"budget": BUDGET, "direct": f"D{ADA[1:]}", "connect": CONNECT}
    hidden = [text for text in own_questions()["invisible"].texts if text.channel in places]
    settings = {"knowledge": "all", "channel_context": 0, "knowledge_across": True}
    async with running(sandbox, database, Setup(policies=Policies(ChannelSettings.model_validate(settings)))):
        for text in hidden:
            await workspace.say(places[text.channel], text.text)
        await wait_for_column(database, "SELECT 1 FROM chat_lines WHERE text <> ''", lambda all_: len(all_) == 30)
        for asked in own_questions()["invisible"].asked:
            thread = await workspace.say(GENERAL, mention(asked.question))
            await workspace.until(lambda thread=thread: len(workspace.thread(GENERAL, thread)) > 1)  # type: ignore[misc]  # bound now
            bodies = [str(request.body) for request in sandbox.model.requests]
            told = "".join(body for body in bodies if asked.question in body)
            assert told
            assert not [text.text for text in hidden if text.text in told], asked
