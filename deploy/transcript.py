"""What is said in the sandbox, told in the terminal, after a short conversation. It knows only the page's API."""

import asyncio
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
from aiohttp import ClientSession, ClientWebSocketResponse

SETTLED = 2.5  # seconds without an edit, after which an answer counts as whole
PATIENCE = 60.0  # seconds for the bot to come, and for each answer
LOOK_EVERY = 0.25  # seconds


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is said in one thread: in which channel, and by whom what."""

    channel: str
    messages: tuple[tuple[str, str], ...]


# By others than the person as whom the page is opened: nobody finds words in their mouth that they never said.
OPENING: Mapping[str, Exchange] = {
    "slack": Exchange(
        "C0GENERAL",
        (
            ("U0GRACE12", "<@U0CONFAB1> we'll ship the beta on Thursday, and Linus writes the release notes."),
            ("U0LINUS12", "what did we decide?"),
        ),
    ),
    "discord": Exchange(
        "1200000000000000103",
        (("1200000000000000003", "<@1200000000000000010> is the beta still for Thursday?"),),
    ),
}
REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")

Json = dict[str, Any]


class Transcript:
    """Prints what people write as it comes, and an answer once it has stopped growing.

    `online` holds the platforms on which the bot is, and `arrived` is set once it is on all; `answered` gets
    for each answer that was printed the thread that it stands in, or the message that it replies to.
    """

    def __init__(self) -> None:
        self.online: set[str] = set()
        self.arrived = asyncio.Event()
        self.answered: asyncio.Queue[str] = asyncio.Queue()
        self._names: dict[str, str] = {}
        self._bots: set[str] = set()
        self._growing: dict[str, tuple[Json, float]] = {}
        self._printed: dict[str, str] = {}
        self._busy = False

    async def follow(self, socket: ClientWebSocketResponse) -> None:
        """Print everything that the page's websocket tells, until it closes."""
        while not socket.closed:
            try:
                self.take(await socket.receive_json(timeout=LOOK_EVERY))
            except TimeoutError:
                self.settle(asyncio.get_running_loop().time())
            except TypeError:
                return  # it was closed: what came is no text

    def take(self, message: Json) -> None:
        """Hear of one change."""
        match message:
            case {"kind": "state"}:
                self._meet(message["platforms"])
                self._look_around(message)
            case {"kind": "surroundings"}:
                self._look_around(message)
            case {"kind": "posted" | "edited", "post": post}:
                self._hear(post, new=message["kind"] == "posted")

    def _meet(self, platforms: list[Json]) -> None:
        for platform in platforms:
            for group in platform["groups"]:
                self._names[f"@&{group['id']}"] = f"@{group['name']}"
            for person in platform["people"]:
                self._names[f"@{person['id']}"] = f"@{person['name']}"
                self._names[person["id"]] = person["real_name"]
                if person["is_bot"]:
                    self._bots.add(person["id"])
            for channel in platform["channels"]:
                direct = channel["kind"] in ("im", "mpim")
                self._names[f"#{channel['id']}"] = f"#{channel['name']}"
                place = "a direct message" if direct else f"#{channel['name']}"
                self._names[channel["id"]] = f"{place} on {platform['name']}"

    def _look_around(self, message: Json) -> None:
        self._busy = message["requests"][1] > 0
        self.online = {platform for platform, online in message["online"].items() if online}
        if len(self.online) == len(message["online"]):
            self.arrived.set()

    def _hear(self, post: Json, *, new: bool) -> None:
        if post["user"] in self._bots:
            self._growing[post["id"]] = (post, asyncio.get_running_loop().time())
        elif new:
            self._print(post)

    def settle(self, now: float) -> None:
        """Print the answers that have not grown for a while; `now` in seconds of the loop's clock."""
        whole = [number for number, (_, at) in self._growing.items() if now - at > SETTLED and not self._busy]
        for number in whole:
            post, _ = self._growing.pop(number)
            self._print(post)
            self.answered.put_nowait(post["thread"] or post.get("reply_to") or number)

    def _print(self, post: Json) -> None:
        """Print a post; of one that grew after all, what was added if that is all that changed."""
        text, before = self._readable(post), self._printed.get(post["id"], "")
        self._printed[post["id"]] = text
        if text == before:
            return
        who = click.style(self._names.get(post["user"], post["user"]), fg=colour(post["user"] in self._bots), bold=True)
        where = click.style(f"in {self._names.get(post['channel'], post['channel'])}", dim=True)
        said = text.removeprefix(before) if before else text
        lines = "\n".join(f"  {line}".rstrip() for line in said.strip("\n").splitlines())
        click.echo(f"{who} {where}\n{lines}\n")

    def _readable(self, post: Json) -> str:
        text = REFERENCE.sub(self._spoken, post["text"])
        text = text if post["dialect"] == "discord" else html.unescape(text)
        files = [f"[{file['name']}]" for file in post["files"]]
        return "\n".join([text, *files] if text else files)

    def _spoken(self, reference: re.Match[str]) -> str:
        sign, target, label = reference.groups()
        if sign in ("@", "#") and f"{sign}{target}" in self._names:
            return self._names[f"{sign}{target}"]
        return label or (f"@{target}" if sign in ("@", "!") else target)


def colour(is_bot: bool) -> str:
    """Return the colour of a name."""
    return "green" if is_bot else "cyan"


async def play(session: ClientSession, transcript: Transcript, welcome: str) -> None:
    """Print the welcome once the bot is on, as nobody would hear what is said before, and hold a conversation."""
    try:
        await asyncio.wait_for(transcript.arrived.wait(), PATIENCE)
    except TimeoutError:
        click.echo(f"Confab is not everywhere yet after {PATIENCE:.0f} seconds: its log above says more.\n", err=True)
    click.echo(welcome)
    try:
        for platform, exchange in OPENING.items():
            if platform in transcript.online:
                await converse(session, transcript, platform, exchange)
    except TimeoutError:
        click.echo(f"No answer came within {PATIENCE:.0f} seconds: the bot's log above says more.\n", err=True)


async def converse(session: ClientSession, transcript: Transcript, platform: str, exchange: Exchange) -> None:
    """Talk in one thread: each message waits for the answer before it."""
    thread = None
    for user, text in exchange.messages:
        said = {"platform": platform, "channel": exchange.channel, "user": user, "text": text, "thread": thread}
        async with session.post("/api/say", json=said) as response:
            thread = thread or (await response.json())["id"]
        await asyncio.wait_for(answer_in(thread, transcript), PATIENCE)


async def answer_in(thread: str, transcript: Transcript) -> None:
    """Wait for an answer in this thread."""
    while await transcript.answered.get() != thread:
        pass
