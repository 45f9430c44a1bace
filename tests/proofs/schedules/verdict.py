"""What people and the operator see after a schedule, held against the promise."""

import re
from collections.abc import Iterator
from pathlib import Path

from core.commands import DONE, QUESTION_DELETED, STOPPED
from core.messages import Message
from tests.proofs.schedules.world import Post, World
from tests.support.database import rows

ENDED = {"done", "failed", "uncertain"}
NOTICE = re.compile(r"\(reference (\w{8})\)\s*$")


def broken_promises(world: World, database: Path) -> list[str]:
    """Return every way in which the promise does not hold, one line each."""
    turns = {row[0]: (row[1], row[2]) for row in rows(database, "SELECT message_id, id, state FROM turns")}
    known = {turn for turn, _ in turns.values()}
    strays = [f"{post} belongs to no turn" for post in world.posts.values() if _turn(post) not in known]
    lost = [f"never taken in: {event}" for event in world.waiting]
    return [*lost, *strays, *(fault for message in world.said.values() for fault in _faults(world, message, turns))]


def _faults(world: World, message: Message, turns: dict[str, tuple[str, str]]) -> Iterator[str]:
    turn, state = turns.get(message.id, ("", "never heard"))
    shown = [post for post in world.posts.values() if _turn(post) == turn and turn]
    text = " ".join(" ".join(post.text for post in sorted(shown, key=_order)).split())
    if message.id in world.deleted:
        fine = not shown or state == "failed" or text == QUESTION_DELETED or _is_whole(world, message, text)
        if not fine:
            yield f"{message.id} was deleted, and this was left ({state}): {text!r}"
        return
    is_forgotten = state == "cancelled" and _is_followed_by(world, message, "reset")  # it had failed before
    if state == "open" or (message.addressed and state not in ENDED and not is_forgotten):
        yield f"{message.id} is {state}"
    if state == "done" and not _is_whole(world, message, text):
        yield f"{message.id} is done, and shows: {text!r}"
    if len({_order(post) for post in shown}) < len(shown):
        yield f"{message.id} shows a part twice: {shown}"


def _is_whole(world: World, message: Message, text: str) -> bool:
    """Tell whether a text is a whole answer, or says itself why it is none."""
    if message.command:
        return text == DONE[message.command]
    question = message.text.split()[-1]
    whole = [" ".join(answer.split()) for answer in world.answers[question]]
    if not text:
        return _is_followed_by(world, message, "stop")  # which is answered in its place
    return text in whole or bool(NOTICE.search(text)) or text.endswith(STOPPED)


def _is_followed_by(world: World, message: Message, command: str) -> bool:
    """Tell whether somebody gave a command in the conversation after a message."""
    others = (each for each in world.said.values() if each.key == message.key and each.id > message.id)
    return any(each.command == command for each in others)


def _turn(post: Post) -> str:
    return post.turn.removesuffix("-notice")


def _order(post: Post) -> tuple[bool, int]:
    return post.turn.endswith("-notice"), post.part
