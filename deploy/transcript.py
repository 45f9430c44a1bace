"""What is said in the sandbox, told in the terminal, after a short conversation. It knows only the page's API."""

import asyncio
import html
import re
from typing import Any

import click
from aiohttp import ClientSession, ClientWebSocketResponse

SETTLED = 2.5  # seconds without an edit, after which an answer counts as whole
PATIENCE = 60.0  # seconds for the bot to come, and for each answer
LOOK_EVERY = 0.25  # seconds
CHANNEL = "C0GENERAL"
OPENING = (
    ("U0ADA", "<@U0CONFAB> we'll ship the beta on Thursday, and Grace writes the release notes."),
    ("U0GRACE", "what did we decide?"),
)
REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")

Json = dict[str, Any]


class Transcript:
    """Prints what people write as it comes, and an answer once it has stopped growing.

    `online` is set once the bot is there; `answered` gets the thread of each answer that was printed.
    """

    def __init__(self) -> None:
        self.online = asyncio.Event()
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
            for person in platform["people"]:
                self._names[f"@{person['id']}"] = f"@{person['name']}"
                self._names[person["id"]] = person["real_name"]
                if person["is_bot"]:
                    self._bots.add(person["id"])
            for channel in platform["channels"]:
                direct = channel["kind"] in ("im", "mpim")
                self._names[channel["id"]] = "a direct message" if direct else f"#{channel['name']}"

    def _look_around(self, message: Json) -> None:
        self._busy = message["requests"][1] > 0
        if any(message["online"].values()):
            self.online.set()

    def _hear(self, post: Json, *, new: bool) -> None:
        if post["user"] in self._bots:
            self._growing[post["ts"]] = (post, asyncio.get_running_loop().time())
        elif new:
            self._print(post)

    def settle(self, now: float) -> None:
        """Print the answers that have not grown for a while; `now` in seconds of the loop's clock."""
        whole = [ts for ts, (_, at) in self._growing.items() if now - at > SETTLED and not self._busy]
        for ts in whole:
            post, _ = self._growing.pop(ts)
            self._print(post)
            self.answered.put_nowait(post["thread_ts"] or ts)

    def _print(self, post: Json) -> None:
        """Print a post; of one that grew after all, what was added if that is all that changed."""
        text, before = self._readable(post), self._printed.get(post["ts"], "")
        self._printed[post["ts"]] = text
        if text == before:
            return
        who = click.style(self._names.get(post["user"], post["user"]), fg=colour(post["user"] in self._bots), bold=True)
        where = click.style(f"in {self._names.get(post['channel'], post['channel'])}", dim=True)
        said = text.removeprefix(before) if before else text
        lines = "\n".join(f"  {line}".rstrip() for line in said.strip("\n").splitlines())
        click.echo(f"{who} {where}\n{lines}\n")

    def _readable(self, post: Json) -> str:
        text = html.unescape(REFERENCE.sub(self._spoken, post["text"]))
        files = [f"[{file['name']}]" for file in post["files"]]
        return "\n".join([text, *files] if text else files)

    def _spoken(self, reference: re.Match[str]) -> str:
        sign, target, label = reference.groups()
        if sign == "@":
            return self._names.get(f"@{target}", f"@{target}")
        return label or (f"@{target}" if sign == "!" else target)


def colour(is_bot: bool) -> str:
    """Return the colour of a name."""
    return "green" if is_bot else "cyan"


async def play(session: ClientSession, transcript: Transcript) -> None:
    """Hold the opening conversation in one thread: each message waits for the answer before it."""
    thread = None
    try:
        await asyncio.wait_for(transcript.online.wait(), PATIENCE)
        for user, text in OPENING:
            said = {"platform": "slack", "channel": CHANNEL, "user": user, "text": text, "thread_ts": thread}
            async with session.post("/api/say", json=said) as response:
                thread = thread or (await response.json())["ts"]
            await asyncio.wait_for(answer_in(thread, transcript), PATIENCE)
    except TimeoutError:
        click.echo(f"No answer came within {PATIENCE:.0f} seconds: the bot's log above says more.\n", err=True)


async def answer_in(thread: str, transcript: Transcript) -> None:
    """Wait for an answer in this thread."""
    while await transcript.answered.get() != thread:
        pass
