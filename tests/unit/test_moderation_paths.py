"""Every way by which text reaches the model or a person, each with a flagged text in it, on both platforms."""

import ast
import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path as File
from typing import Any, get_args

import pytest

from core.files.attachments import UNCHECKED
from core.llm.client import OpenAI
from core.messages import Attachment, Author, Earlier, Message
from core.moderation.log import Path
from core.moderation.settings import ModerationSettings
from core.policy import ChannelSettings, Policies
from core.ports import Platform
from core.storage.store import Store
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.openai.moderation import flagged
from deploy.sandbox.openai.wanted import Wanted
from deploy.sandbox.wire.server import Sandbox
from tests.contract.discord_room import DiscordRoom
from tests.contract.platform_room import Recording, Room, answered, ask
from tests.support.bot import Setup, running
from tests.support.database import dump, rows
from tests.support.imports import read
from tests.support.moderated import Moderated
from tests.support.room import answered as answered_in_slack
from tests.support.room import ask as ask_in_slack
from tests.support.sound_files import sound
from tests.support.tools import Probe, ToolSetup, policies_with
from tests.unit.test_pictures import picture

ROOT = File(__file__).parents[2]
FLAGGED = "flag me"
OWN: frozenset[Path] = frozenset({"question", "name", "merged"})  # may be on their way while they are checked

# Where core hands text to a person, to the model or to the disk. A further place has to be named here, and to have
# a way below by which a flagged text is seen to come to nothing.
SINKS: dict[tuple[str, str, str], tuple[Path, ...]] = {
    ("core.prompt.ask", "chat", "chat"): ("question", "name", "others", "files", "persona"),
    ("core.prompt.summaries", "_answer", "chat"): (),  # entries, which were checked when they were kept
    ("core.prompt.summaries", "_write_if_due", "save_summary"): ("summary",),
    ("core.llm.judge", "_ask_one", "fetch_answer"): (),  # the check itself
    ("core.prompt.history", "save_earlier", "save_earlier"): ("earlier",),
    ("core.reply", "show", "reply"): ("answer", "posted"),
    ("core.reply", "_add", "reply"): (),  # an error's own sentence
    ("core.conversation", "_answer_question", "finish_turn"): ("merged",),
    ("core.conversation", "_keep_answer", "finish_turn"): ("question", "answer"),
    ("core.conversation", "post", "finish_turn"): (),
    ("core.conversation", "post", "add_message"): ("posted",),
    ("core.reply", "fail", "finish_turn"): (),
    ("core.reply", "tell", "finish_turn"): (),
    ("core.reply", "refuse", "finish_turn"): (),
    ("core.reply", "show_words", "save_answer"): ("answer",),
    ("core.intake", "_take_question", "admit_message"): (),  # what waits: checked then, and dropped with the turn
    ("core.intake", "_stops_answer", "run"): (),  # a look at what is open
    ("core.intake", "_turn_away", "add_message"): (),
    ("core.intake", "_turn_away", "add_refused"): (),  # without its text
    ("core.intake", "_take_edit", "add_edit"): (),  # into the inbox, to be checked when it is its turn
    ("core.edits", "apply_edit", "edit_message"): ("edit",),
    ("core.edits", "apply_edit", "finish_turn"): (),
    ("core.voice.transcribe", "_hear_part", "run"): ("question", "others"),  # dropped where it was not admitted
    (
        "core.moderation.log",
        "_tell_moderators",
        "post_notice",
    ): (),  # ids and categories; text where the operator asked for it
    ("core.moderation.log", "_keep_record", "save_moderation"): (),
    ("core.tools.journal", "save_calls", "run"): ("tool",),
    ("core.spending.usage", "describe_own", "run"): (),
    ("core.spending.usage", "_describe", "run"): (),
    ("core.spending.usage", "_tell_others", "run"): (),
    ("core.spending.lifting", "lift", "run"): (),
    ("core.spending.digest", "tell_if_due", "run"): (),
    ("core.spending.digest", "tell_if_due", "post_notice"): (),  # numbers, and names of models
    ("core.spending.cap_warnings", "warn_of_caps", "run"): (),
    ("core.spending.cap_warnings", "warn_of_caps", "post_notice"): (),  # a sentence of Confab's own
    ("core.spending.meter", "_reserve", "run"): (),  # numbers, ids, and the model's name
    ("core.spending.meter", "_reserve", "send"): (),
    ("core.spending.meter", "_note_progress", "send"): (),
    ("core.spending.meter", "measure", "send"): (),
    ("core.reply", "_tell_asker", "post_notice"): (),  # a sentence of Confab's own
    ("core.tools.journal", "save_call", "run"): ("tool",),
    # what a call planned, which was checked before it was made, and what is asked then is checked as any question
    ("core.schedules.reminders", "_plan", "run"): ("tool",),
    ("core.schedules.scheduler", "_take_up", "run"): ("tool",),
    ("core.schedules.scheduler", "_pause", "run"): (),  # a sentence of Confab's own
    ("core.knowledge.indexer", "_read_document", "run"): ("knowledge",),
    ("core.knowledge.indexer", "_read_exchange", "run"): ("knowledge",),
    ("core.knowledge.listing", "_add_link", "run"): (),  # what waits: an address, whose page is checked then
    ("core.knowledge.vectors", "embed_pieces", "run"): (),  # numbers, of pieces that were checked when they were kept
    (
        "core.knowledge.knowledge",
        "take_message",
        "run",
    ): (),  # what waits: names and addresses of files, and messages, checked then
    ("core.consent.consents", "_show_card", "show_card"): ("tool",),  # calls, which were checked before they were kept
}
# What reads, or hands on ids, times and numbers alone.
NO_SINKS = {
    "set_aside",  # the ids of a message that cannot be read
    "unseal_turn",  # what stands in its row
    *("note_unread", "known_messages", "list_models", "is_streaming"),
    *("entries_between", "claim_turn", "close", "delete_message", "open_file", "fetch_earlier", "delete_conversation"),
    *(
        "next_is_same_author",
        "start",
        "stop",
        "is_ready",
        "wait_until_lost",
        "save_token_counts",
        "resolve_names",
        "save_posted_part",
        "read_history",
    ),
    *(
        "release_turn",
        "next_asker",
        "count_ends",
        "renew_lease",
        "recover_conversations",
        "parked_conversations",
        "conversation_of",
        "recent_conversations",
    ),
    *(
        "recent_channels",
        "read_state",
        "write_state",
        "advance_state",
        "violations_since",
        "read_choices",
        "add_choices",
        "find_trouble",
        "name",
        "window",
        "sees",
        "takes_tools",
        "with_parameters",
        "largest_call",
        "forgotten_at",
        "run_alone",
    ),
}
NAMES = {name for noun in (Store, OpenAI, Platform) for name in vars(noun) if not name.startswith("_")} - NO_SINKS
OF_PERSONAS = (
    "_say_unknown",
    "speaker_of",
    "check_presence",
    "begin_anew",
    "suggest",
    "_choose",
    "_find",
    "_describe",
    "_read_version",
)
TRANSCRIBING = ("transcribe", "_find_fetched", "_find_transcript", "_write_down", "_upload_parts", "drop_transcripts")
ONLY_READ = (
    {("core.voice.transcribe", name) for name in TRANSCRIBING}
    | {
        *(("core.knowledge.indexer", name) for name in ("start_reading", "_read_all", "_release_or_fail", "_end")),
        ("core.knowledge.knowledge", "drop_channel"),
        *(("core.knowledge.indexer", "read_waiting"), ("core.knowledge.listing", "_drop_conversation")),
        *(("core.knowledge.knowledge", name) for name in ("look_up", "_view_of", "_silenced_authors")),
        ("core.knowledge.finder", "find_passages"),
        *(("core.knowledge.knowledge", "view_of"), ("core.knowledge.listing", "answer_command")),
        *(("core.knowledge.vectors", name) for name in ("_choose_embedder", "_find_nearest", "_read_table")),
        *(("core.privacy.keeper", name) for name in ("begin", "run", "look", "_forget_old", "_find_old")),
        *(("core.privacy.opt_outs", name) for name in ("load_opt_outs", "leave_out", "read_again")),
        *(("core.privacy.requests", name) for name in ("_export_person", "_forget_person", "_forget_conversation")),
    }
    | {
        *(("core.tools.journal", name) for name in ("read_calls", "read_grants")),
        ("core.tools.search_here", "search_channel"),
        ("core.tools.sources.catalog", "take_tools"),  # what servers say of their own tools
        # who decides what, and where a card stands
        *(("core.consent.consents", name) for name in ("ask", "resume_cards", "stop", "take_click", "note_posted")),
        *(("core.consent.consents", name) for name in ("_await_click", "_end", "_close_card", "take_back")),
    }
    | {("core.schedules.reminders", name) for name in ("_own", "_cancel")}
    | {("core.schedules.listing", name) for name in ("_visible_to", "_end", "_resume")}
    | {("core.schedules.scheduler", "take_up_due")}
    | {("core.personas.personas", name) for name in (*OF_PERSONAS, "_is_clean")}
)

# Where a platform's adapter hands text to its SDK: all of it comes by `reply` or `post_notice`, or is Confab's own.
SHOWN_BY = {
    *(("bots.slack.reply", "_write_rich", "post_json"), ("bots.slack.reply", "remove_part", "post_json")),
    *(("bots.slack.adapter", "post_notice", "post_json"), ("bots.discord.session", "post_notice", "send")),
    *(("bots.discord.reply", "_send_part", "send_part"), ("bots.discord.reply_channel", "send_part", "send_part")),
    *(
        ("bots.discord.reply_channel", "_send_once", "send"),
        ("bots.discord.reply_channel", "_edit_promised_once", "request"),
    ),
    ("bots.streaming", "_put_texts", "post_part"),
    # Confab's own sentences and names, and what the operator offers
    *(
        ("bots.discord.settings_menu", "send_menu", "send_message"),
        ("bots.discord.settings_menu", "keep_choice", "edit_message"),
        ("bots.slack.settings_menu", "open_modal", "post_json"),
        ("bots.slack.settings_menu", "publish_home", "post_json"),
    ),
    ("bots.discord.commands", "_answer_apart", "send"),  # what a feature's handler answers, which checks it
    *(("bots.discord.commands", "_on_help", "send_message"), ("bots.discord.commands", "_on_command", "send_message")),
    *(
        ("bots.discord.reply_channel", "_open_thread", "create_thread"),
        ("bots.slack.interactions", "tell_refusal", "send_dict"),
    ),
    ("bots.slack.reply", "_set_status", "post_json"),
    # calls, which were checked before they were kept, and sentences of Confab's own about clicks on them
    *(("bots.slack.cards", "show_card", "post_part"), ("bots.slack.cards", "whisper", "post_json")),
    *(("bots.discord.reply_channel", "send_card", "send"), ("bots.discord.cards", "_edit_promised", "request")),
    # no text for anybody
    *(("bots.slack.adapter", "start", "post_json"), ("bots.slack.webhook", "events_route", "post")),
    *(("bots.slack.doctor", "_check_request_url", "post"), ("bots.setup.env_file", "write_env_file", "write")),
}
SHOWING = {
    "write",
    "post_json",
    "send",
    "send_dict",
    "send_message",
    "edit_message",
    "request",
    "create_thread",
    "post",
    "post_part",
    "respond",
    "send_part",
}

# What carries text from a platform to core, and by which path it is checked; the rest are ids, kinds and numbers.
CARRIERS = {
    (Message, "text"): "question",
    (Message, "others"): "others",
    (Author, "name"): "name",
    (Attachment, "name"): "files",
    (Earlier, "text"): "earlier",
}
NO_TEXT = {
    (Message, "id"), (Message, "zone"), (Message, "command"), (Message, "handle"), (Message, "about"), (Author, "id"),
    (Message, "standing"),
    (Author, "workspace"), (Author, "roles"), (Attachment, "id"), (Attachment, "media_type"), (Attachment, "url"),
    (Earlier, "message_id"),
}  # fmt: skip


def sinks() -> set[tuple[str, str, str]]:
    """Return every call in core that hands something on, by module, function and name."""
    found = set()
    for module in read(ROOT, "core"):
        for function in ast.walk(module.tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found |= {(module.name, function.name, name) for name in _calls(function)}
    return {place for place in found if place[:2] not in ONLY_READ}


def _calls(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NAMES:
            owner = re.match(r"\w+", ast.unparse(node.func.value).removeprefix("self.").lstrip("_"))
            if owner and owner[0] in {"model", "platform", "platforms", "store"}:
                yield node.func.attr


def test_every_place_that_hands_text_on_is_named_here() -> None:
    """A new one fails this, until somebody has said by which check its text has come."""
    assert sinks() == set(SINKS)


def test_every_place_that_hands_text_to_a_platform_is_named_here() -> None:
    """A new one fails this, until somebody has said by which way its text has come."""
    found = {
        (module.name, function.name, node.func.attr)
        for module in read(ROOT, "bots")
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHOWING
    }
    assert found == SHOWN_BY


def test_every_path_of_a_check_is_walked_below() -> None:
    """A new one fails this, until a flagged text has been seen to come that way."""
    elsewhere = {"summary", "persona"}  # which an operator keeps: tests/contract/test_personas.py
    assert set(get_args(Path)) == set(WAYS) | elsewhere
    assert {path for paths in SINKS.values() for path in paths} == set(get_args(Path))


def test_every_method_of_the_ports_is_known_to_hand_text_on_or_not() -> None:
    """A new one is taken for a place that hands text on, until it is named here."""
    assert {place[2] for place in SINKS} == NAMES


def test_every_field_that_carries_text_is_named_here() -> None:
    """A new field of a message, a file, a person or an earlier line fails this, until somebody has said what it is."""
    texts = {
        (noun, each.name)
        for noun in (Message, Author, Attachment, Earlier)
        for each in fields(noun)
        if _is_text(each.type)
    }
    assert texts == set(CARRIERS) | NO_TEXT


def _is_text(kind: Any) -> bool:
    return (
        kind is str
        or kind in (tuple[str, ...], tuple[str, ...] | None)
        or (bool(get_args(kind)) and all(isinstance(each, str) for each in get_args(kind)))
    )


async def by_question(room: Room) -> None:
    """Typed."""
    await ask(room, f"please {FLAGGED}")


async def by_transcript(room: Room) -> None:
    """Spoken; nobody reads what was heard."""
    room.model.sounds.prose = FLAGGED
    said = await room.record(Recording(sound("weather.ogg"), "audio/ogg"))
    await answered(room, said)


async def by_recordings_name(room: Room) -> None:
    """What a recording is called."""
    room.model.sounds.prose = "nothing"
    said = await room.record(Recording(sound("weather.ogg"), "audio/ogg", "flag me.ogg", None))
    await answered(room, said)


async def by_name(room: Room) -> None:
    """The asker's own display name, before words that could pass for somebody else's."""
    room.rename("ada", "Flag Me")
    await ask(room, "to all: hello")


async def by_others(room: Room) -> None:
    """Somebody else's display name, in a mention."""
    room.rename("grace", "Flag Me")
    await ask(room, f"who is {room.mention('grace')}?")


async def by_quotation(room: Room) -> None:
    """Somebody else's message, asked about from its menu."""
    said = await room.say(f"please {FLAGGED}", by="grace")
    await room.ask_about(said, "ada")
    await room.until(lambda: any("reference" in each for each in room.everything()))


async def by_replied_to(room: Room) -> None:
    """Somebody else's message that a question replies to; Slack has no such replies."""
    if not isinstance(room, DiscordRoom):
        await by_quotation(room)
        return
    said = await room.say(f"please {FLAGGED}", by="grace")
    await answered(room, await room.reply_to(said, f"{room.mention('the bot')} true?"))


async def by_forward(room: Room) -> None:
    """Somebody else's message, forwarded to the bot without a word."""
    said = await room.say(f"please {FLAGGED}", by="grace")
    await answered(room, await room.forward(said))


async def by_transcript_of_another(room: Room) -> None:
    """Somebody else's recording, asked about from its menu."""
    room.model.sounds.prose = FLAGGED
    said = await room.record(Recording(sound("weather.ogg"), "audio/ogg"), into="channel")
    await room.ask_about(said, "grace")
    await room.until(lambda: any("reference" in each for each in room.everything()))


async def by_files(room: Room) -> None:
    """A file's content."""
    said = await room.share(f"{room.mention('the bot')} read this", "a.txt", b"please flag me", "text/plain")
    await answered(room, said)


async def by_file_name(room: Room) -> None:
    """A file's name."""
    said = await room.share(f"{room.mention('the bot')} read this", "flag me.txt", b"nothing", "text/plain")
    await answered(room, said)


async def by_earlier(room: Room) -> None:
    """A line that stood in the thread before, and one by somebody with such a name."""
    said = await room.say("we meet at nine")
    await room.go_on(said, f"no, {FLAGGED}")
    room.rename("grace", "Flag Me")
    await room.go_on(said, "at ten", by="grace")
    await room.go_on(said, f"{room.mention('the bot')} when do we meet?")
    await answered(room, said)
    assert "we meet at nine" in str(room.model.requests[-1].body)


async def by_channel_line(room: Room) -> None:
    """What somebody said in the channel before a question at its top."""
    await room.leave()
    await room.join(Policies(ChannelSettings(channel_context=5)), moderation=Moderated())
    await room.say(f"no, {FLAGGED}", by="grace")
    await room.say("we meet at nine", by="grace")
    await ask(room, "when do we meet?")
    assert "we meet at nine" in str(room.model.requests[-1].body)


async def by_apps_post(room: Room) -> None:
    """An app's words above the mention."""
    said = await room.say(f"alert: {FLAGGED}", by="another bot")
    await room.go_on(said, f"{room.mention('the bot')} what does it mean?")
    await answered(room, said)


async def by_earlier_file(room: Room) -> None:
    """A file that somebody posted before in the thread."""
    said = await room.share("", "notes.txt", f"please {FLAGGED}".encode(), "text/plain")
    await room.go_on(said, f"{room.mention('the bot')} what does it say?", by="grace")
    await answered(room, said)


async def by_edit(room: Room) -> None:
    """An edit of what was answered before."""
    said = await ask(room, "hello")
    await room.edit(said, f"{room.mention('the bot')} please {FLAGGED}")
    await room.go_on(said, f"{room.mention('the bot')} and now?")
    await answered(room, said, 2)


async def by_posted(room: Room) -> None:
    """A slash command's question, which is posted for all to read."""
    await room.use(f"please {FLAGGED}")
    await room.until(lambda: any("reference" in each for each in room.everything()))


async def by_merged(room: Room) -> None:
    """One of several questions that would be answered together."""
    await room.leave()
    await room.join(Policies(ChannelSettings(merge=True)), moderation=Moderated())
    room.model.delay_first = 0.4
    said = await room.say(f"{room.mention('the bot')} first")
    await room.until(lambda: room.model.requests)
    await room.go_on(said, f"{room.mention('the bot')} {FLAGGED}")
    await room.go_on(said, f"{room.mention('the bot')} third")
    await answered(room, said, 3)


async def by_answer(room: Room) -> None:
    """The model's own words."""
    room.model.script.append(Reply(f"You asked me to {FLAGGED}. So I do."))
    await ask(room, "hello")


async def by_call(room: Room) -> None:
    """What the model wants to ask a tool."""
    await call_in(room, Wanted("probe", {"about": f"please {FLAGGED}"}), "nothing of note")
    assert PROBE.calls == []


async def by_card(room: Room) -> None:
    """A call that people would be asked about."""
    PROBE.consent = "always"
    try:
        await by_call(room)
    finally:
        PROBE.consent = "never"


async def by_result(room: Room) -> None:
    """What a tool returned."""
    await call_in(room, Wanted("probe", {"about": "it"}), f"please {FLAGGED}")


async def call_in(room: Room, wanted: Wanted, returned: str) -> None:
    """Let the model make a call, and be told what the tool returns."""
    PROBE.returns = returned
    PROBE.calls.clear()
    room.model.script += [Reply(calls=(wanted,)), Reply("So it is.")]
    said = await ask(room, "hello")
    await room.until(lambda: "So it is." in room.answers(said)[-1])


async def by_shared_file(room: Room) -> None:
    """A file that nobody asks about yet, and that is looked up later."""
    await room.share("for all of us", "notes.txt", f"The plan of all plans is to {FLAGGED}.".encode(), "text/plain")
    room.model.script.append(Reply("It is not known."))
    await ask(room, "what is the plan of all plans?", by="grace")


async def by_shared_line(room: Room) -> None:
    """What is said to others, and looked up later."""
    await room.say(f"The plan of all plans is to {FLAGGED}.")
    room.model.script.append(Reply("It is not known."))
    await ask(room, "what is the plan of all plans?", by="grace")


WAYS: dict[str, tuple[Callable[[Room], Awaitable[None]], ...]] = {
    "question": (by_question, by_transcript, by_recordings_name),
    "name": (by_name,),
    "others": (by_others, by_quotation, by_replied_to, by_forward, by_transcript_of_another),
    "files": (by_files, by_file_name),
    "earlier": (by_earlier, by_channel_line, by_apps_post, by_earlier_file),
    "edit": (by_edit,),
    "posted": (by_posted,),
    "merged": (by_merged,),
    "answer": (by_answer,),
    "tool": (by_call, by_card, by_result),
    "knowledge": (by_shared_file, by_shared_line),
}
PROBE = Probe()
BY_ENDPOINT = Moderated()
BY_LIST = Moderated(words=(FLAGGED,), endpoint=False)  # the operator's own words, of which no network is asked
EACH = [
    *((path, way, BY_ENDPOINT) for path, ways in WAYS.items() for way in ways),
    *((path, ways[0], BY_LIST) for path, ways in WAYS.items() if path != "merged"),
]


@asynccontextmanager
async def watched(sandbox: Sandbox) -> AsyncIterator[list[str]]:
    """Give what the bot shows on either platform, in every state that a post of its ever has."""
    seen: list[str] = []

    async def watch(queue: asyncio.Queue[Any], bot: str) -> None:
        while True:
            post = (await queue.get()).post
            if post is not None and post.user == bot:
                seen.append(post.shown)

    with sandbox.workspace.subscribe() as slack, sandbox.guild.subscribe() as discord:
        watching = [
            asyncio.create_task(watch(slack, sandbox.workspace.bot_user)),
            asyncio.create_task(watch(discord, sandbox.guild.bot_user)),
        ]
        yield seen
        for task in watching:
            task.cancel()


async def over(database: File) -> None:
    """Wait until no turn is open any more; what a turn holds is dropped with it."""
    async with asyncio.timeout(60):
        waiting = "SELECT 1 FROM turns WHERE state = 'open' UNION ALL SELECT 1 FROM sources WHERE state = 'waiting'"
        while rows(database, waiting):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)


def kept(database: File) -> str:
    """Return all that stands in a database."""
    return dump(database).lower()


@pytest.mark.parametrize(
    ("path", "way", "guard"),
    EACH,
    ids=[way.__name__ if guard is BY_ENDPOINT else f"{way.__name__}_by_own_list" for _, way, guard in EACH],
)
async def test_what_is_flagged_is_never_shown_and_never_kept_and_sent_only_where_it_is_the_askers_own(
    room: Room, sandbox: Sandbox, tmp_path: File, path: Path, way: Callable[[Room], Awaitable[None]], guard: Moderated
) -> None:
    """Whichever way it came and whoever flags it; a call with the asker's own words is closed, and it is recorded."""
    await room.leave()
    policies = policies_with("probe", knowledge="all" if path == "knowledge" else "off")
    await room.join(policies, moderation=guard, tools=ToolSetup(lambda _: [PROBE.tool]))
    if way is by_posted and isinstance(room, DiscordRoom):
        path = "question"  # Discord shows a slash command's question itself
    if path in {"question", "name"}:
        sandbox.model.moderation.delay = 0.2
        sandbox.model.script.append(Reply("never seen " * 100, tokens_per_second=20.0))
    async with watched(sandbox) as states:
        await way(room)
        await over(tmp_path / "confab.db")
    carriers = [each for each in sandbox.model.requests if FLAGGED in str(each.body).lower()]
    if path in OWN:
        await sandbox.model.until(lambda: all(each.aborted for each in carriers))
    else:
        assert carriers == []
    await room.leave()
    assert [state for state in states if FLAGGED in state.lower()] == []
    assert FLAGGED not in kept(tmp_path / "confab.db")
    assert f"'{path}','refused'" in kept(tmp_path / "confab.db")


async def test_nothing_of_a_listed_phrase_is_ever_visible_on_a_platform(room: Room, sandbox: Sandbox) -> None:
    """Wherever the answer is cut on its way; it grows until shortly before it, and is then replaced."""
    await room.leave()
    await room.join(
        moderation=Moderated(
            ModerationSettings(first_window=0.05, later_window=0.05), words=("bad thing",), endpoint=False
        )
    )
    before = ["word "] * 20
    async with watched(sandbox) as states:
        for cuts in ((), (1, 3, 5), (2, 4, 8, 9, 10)):
            states.clear()
            behind = "bad thing and what is behind it"
            pieces = [behind[start:end] for start, end in zip((0, *cuts), (*cuts, len(behind)), strict=True)]
            grown = asyncio.Event()
            room.model.script.append(Reply(pieces=(*before, *pieces), hold=grown, hold_after=len(before)))
            said = await room.say(f"{room.mention('the bot')} go on")
            await room.until(lambda: any("word" in state for state in states))
            grown.set()
            await room.until(lambda said=said: "took back" in "".join(room.answers(said)))  # type: ignore[misc]
            assert not any("bad" in state for state in states)


async def test_a_flagged_picture_is_never_sent_and_never_kept(room: Room, sandbox: Sandbox, tmp_path: File) -> None:
    """Pictures go to the moderation endpoint one by one, before the model is asked."""
    await room.leave()
    await room.join(moderation=Moderated())
    sandbox.model.moderation.scores = lambda text: flagged(FLAGGED if text.startswith("data:image/") else text)
    said = await room.share(f"{room.mention('the bot')} look", "a.png", picture(), "image/png")
    assert "reference" in (await answered(room, said))[0]
    await over(tmp_path / "confab.db")
    assert sandbox.model.requests == []
    await room.leave()
    assert 'INSERT INTO "images"'.lower() not in kept(tmp_path / "confab.db")
    assert "'files','refused'" in kept(tmp_path / "confab.db")


async def test_a_picture_that_nobody_would_check_is_not_sent(room: Room, sandbox: Sandbox) -> None:
    """The own list reads no pictures, and the person is told so."""
    await room.leave()
    await room.join(moderation=Moderated(words=("never",), endpoint=False))
    said = await room.share(f"{room.mention('the bot')} look", "a.png", picture(), "image/png")
    assert UNCHECKED in (await answered(room, said))[0]
    assert "image_url" not in str(sandbox.model.requests[-1].body)


async def test_a_flagged_summary_is_not_kept(sandbox: Sandbox, tmp_path: File) -> None:
    """The conversation goes on without one."""
    sandbox.workspace.limits_on = False

    def talk(body: dict[str, Any]) -> Reply:
        return Reply(FLAGGED if "minutes" in body["messages"][0]["content"] else "Noted, " + "and noted again, " * 10)

    sandbox.model.talk = talk
    setup = Setup(policies=Policies(ChannelSettings(history_tokens=600)), moderation=Moderated())
    async with running(sandbox, tmp_path / "confab.db", setup) as bot:
        thread = await ask_in_slack(sandbox, "begin")
        for number in range(2, 14):
            await sandbox.workspace.say("C0GENERAL", f"message {number}", thread_ts=thread)
            await answered_in_slack(sandbox, thread, number)
            await bot.summaries.wait_until_settled()
    assert any("minutes" in each.messages[0]["content"] for each in sandbox.model.requests)
    assert FLAGGED not in kept(tmp_path / "confab.db")
    assert "'summary','refused'" in kept(tmp_path / "confab.db")
