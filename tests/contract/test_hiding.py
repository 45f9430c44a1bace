"""The contract of every platform: what is to be hidden reaches no endpoint, and whoever wrote it reads it."""

import json

from core.policy import ChannelSettings, Policies
from core.tools.settings import ToolSettings
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.openai.wanted import Wanted
from tests.contract.platform_room import Room, answered, ask
from tests.support.moderated import Moderated
from tests.support.tools import Probe, ToolSetup

CARD = "4111 1111 1111 1111"
BADGE = "EMP-204461"


async def test_the_model_never_sees_what_is_hidden_and_the_person_reads_it(room: Room) -> None:
    """Neither does whoever checks texts; the placeholder comes in two pieces, and the next prompt begins the same."""
    await room.leave()
    hidden = ChannelSettings(hide=("cards",), hide_patterns=("EMP-[0-9]{6}",), channel_context=0)
    await room.join(Policies(hidden), moderation=Moderated())
    room.model.script.append(Reply(pieces=("It ends in 1111: [CAR", "D-1] of [HIDD", "EN-2].")))
    said = await ask(room, f"my card is {CARD}, my badge {BADGE}")
    await room.until(lambda: f"It ends in 1111: {CARD} of {BADGE}." in room.answers(said)[-1])
    await room.go_on(said, f"{room.mention('the bot')} say it again")
    await answered(room, said, 2)
    first, second = (request.body["messages"] for request in room.model.requests[-2:])
    assert "[CARD-1]" in first[-1]["content"]
    assert second[: len(first)] == first
    sent = json.dumps([request.body for request in room.model.requests])
    checked = json.dumps([each.body for each in room.model.moderation.checked])
    assert "my card is" in checked
    for secret in (CARD, BADGE):
        assert secret not in sent
        assert secret not in checked


async def test_a_tool_is_called_with_what_is_hidden_from_the_model(room: Room) -> None:
    """And the model sees neither its own call nor the result with it."""
    await room.leave()
    probe = Probe(returns=f"found {CARD}")
    hidden = ChannelSettings(hide=("cards",), tools=("probe",), channel_context=0)
    await room.join(Policies(hidden), tools=ToolSetup(lambda _: [probe.tool], ToolSettings()))
    room.model.script.append(Reply(calls=(Wanted("probe", {"about": "[CARD-1]"}),)))
    room.model.script.append(Reply("Here: [CARD-1]"))
    said = await ask(room, f"look up {CARD}")
    await room.until(lambda: f"Here: {CARD}" in room.answers(said)[-1])
    assert [arguments["about"] for arguments, _ in probe.calls] == [CARD]
    assert CARD not in json.dumps([request.body for request in room.model.requests])
