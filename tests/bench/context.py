"""What long conversations cost: how much of each prompt a provider's cache can serve, and the time of a turn."""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import splintr
import tiktoken

from core.messages import Author, ConversationKey, Entry, Message
from core.policy import ChannelSettings, Policies
from core.prompt.tokens import by_vocabulary
from core.storage.store import Store
from deploy.sandbox.openai.model import ModelRequest, Reply
from deploy.sandbox.openai.stream import count
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.room import answered, answers

ANSWER = "The team decided to ship on Friday, after the last test has passed. " * 3
WINDOW_OF_40 = Setup(
    policies=Policies(ChannelSettings(history_tokens=2_500, history_messages=400))
)  # 40 of these turns, by the stand-in's count
O200K = 199_998  # tokens of that vocabulary, without the special ones
TEXT = (
    "we ship on Friday once the last test has passed and somebody has looked at it Größe Straße über für nächste Woche "
    "pourquoi être déjà réunion быстрая лиса прыгает сегодня 你好世界 最后一个测试 会議は三時 오늘 회의 الاجتماع 🦉 "
    'def return self._store.execute( != None: {"id": 4_096} https://example.org/a?b=c `code` **bold** | --- | 3.14159'
)


def talk(body: dict[str, Any]) -> Reply:
    """Answer with the same words, or with a summary."""
    return Reply("They spoke of Friday." if "minutes of a" in body["messages"][0]["content"] else ANSWER)


def stable_share(requests: Sequence[ModelRequest]) -> float:
    """Return which share of all prompts' tokens stands in messages with which the prompt before began, too."""
    stable = total = 0
    for before, after in pairwise(request.messages for request in requests):
        same = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
        stable += count(after[:same])
        total += count(after)
    return stable / total


async def prefix(sandbox: Sandbox, folder: Path, turns: int = 200) -> float:
    """Hold one long conversation with the window full; return its stable share."""
    sandbox.model.requests.clear()
    sandbox.model.talk = talk
    async with running(sandbox, folder / "prefix.db", WINDOW_OF_40):
        thread = await sandbox.workspace.say(GENERAL, f"<@{sandbox.workspace.bot_user}> question 0")
        await answered(sandbox, thread)
        for number in range(1, turns + 40):
            await sandbox.workspace.say(GENERAL, f"question {number}", thread_ts=thread)
            await answered(sandbox, thread, number + 1)
    asked = [request for request in sandbox.model.requests if "minutes of a" not in request.messages[0]["content"]]
    return stable_share(asked[40:])


async def turn_times(sandbox: Sandbox, folder: Path) -> tuple[float, float]:
    """Return the median own time of a turn in threads of 10 messages, and of 10,000, asked in turn; milliseconds."""
    sandbox.model.talk = talk
    short, long = [await _thread(sandbox, 10) for _ in range(60)], await _thread(sandbox, 10_000)
    store = Store(folder / "turns.db")
    for thread, messages in ((long, 10_000), *((each, 10) for each in short)):
        await _seed(store, _key(sandbox, thread), messages)
    await store.close()
    times: dict[str, list[float]] = {"short": [], "long": []}
    async with running(sandbox, folder / "turns.db"):
        for thread in short:
            times["short"].append(await _own(sandbox, thread))
            times["long"].append(await _own(sandbox, long))
    return statistics.median(times["short"][5:]), statistics.median(times["long"][5:])


async def lengthen(sandbox: Sandbox, database: Path, thread: tuple[str, str], messages: int) -> None:
    """Let a thread, of which its channel and its root are given, have so many messages more."""
    store = Store(database)
    await _seed(store, ConversationKey("slack", sandbox.workspace.team, *thread), messages)
    await store.close()


async def _thread(sandbox: Sandbox, messages: int) -> str:
    return await sandbox.workspace.say(GENERAL, f"a thread of {messages}")


def _key(sandbox: Sandbox, thread: str) -> ConversationKey:
    return ConversationKey("slack", sandbox.workspace.team, GENERAL, thread)


async def _seed(store: Store, key: ConversationKey, messages: int) -> None:
    """Put a long history into the store, as turns that were answered."""
    ada = Author("U0ADA1234", "ada")
    for number in range(messages // 2):
        at = float(key.thread) + number / 1_000_000
        asked = Message(f"{at:.6f}x", key, ada, "question", at, addressed=True)
        await store.add_message(asked, if_joined=False)
        turn = await store.claim_turn(key)
        assert turn
        entries = [Entry("user", "question", ada, asked.id, at), Entry("assistant", ANSWER, None, f"{at}a", at)]
        await store.finish_turn(turn, entries, "done", {})


async def _own(sandbox: Sandbox, thread: str) -> float:
    """Ask once in a thread; return the milliseconds that were not the model's."""
    number, calls, asked = len(answers(sandbox, thread)), len(sandbox.model.requests), time.monotonic()
    await sandbox.workspace.say(GENERAL, f"<@{sandbox.workspace.bot_user}> and?", thread_ts=thread)
    await answered(sandbox, thread, number + 1)
    request = sandbox.model.requests[calls]
    return (time.monotonic() - asked - ((request.done_at or request.at) - request.at)) * 1000


def mixed(size: int) -> str:
    """Return so many bytes of text in several languages, code and figures; the same each time."""
    chance, known, words = random.Random(1), TEXT.split(), list[str]()
    while size > 0:
        words.append(chance.choice(known) if chance.random() < 0.9 else str(chance.randrange(10**6)))
        size -= len(words[-1].encode()) + 1
    return " ".join(words)


def reference() -> tiktoken.Encoding:
    """Return OpenAI's tokenizer with the vocabulary that we count with: its own would have to be fetched."""
    bytes_of = splintr.Tokenizer.from_pretrained("o200k_base").decode_token_bytes
    ranks = {bytes_of(number): number for number in range(O200K)}
    return tiktoken.Encoding("o200k_base", pat_str=splintr.O200K_BASE_PATTERN, mergeable_ranks=ranks, special_tokens={})


def counting(rounds: int = 9) -> tuple[float, float]:
    """Return the milliseconds that 1 MB of mixed text takes, counted by us and by the reference, in turn."""
    ours, theirs = by_vocabulary("o200k_base"), reference()
    text = mixed(1_000_000)
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(rounds):
        each = f"{number} {text}"  # what was counted before is known
        for name, count_all in (("ours", ours), ("theirs", lambda text: len(theirs.encode_ordinary(text)))):
            begun = time.perf_counter()
            count_all(each)
            times[name].append((time.perf_counter() - begun) * 1000)
    return statistics.median(times["ours"]), statistics.median(times["theirs"])


def importing() -> float:
    """Return the milliseconds that importing what counts takes, in a process of its own."""
    script = "import time; t = time.perf_counter(); import splintr; print(time.perf_counter() - t)"
    runs = [subprocess.check_output([sys.executable, "-c", script]) for _ in range(5)]  # noqa: S603 - our own words
    return min(map(float, runs)) * 1000
