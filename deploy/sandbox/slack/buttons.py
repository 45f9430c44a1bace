"""The buttons under a message, and a person's press on one (Slack docs, Interaction payloads, block_actions)."""

from typing import Any

from deploy.sandbox.slack import interaction_payloads as payloads
from deploy.sandbox.slack.interactions import response_url, tell
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.workspace import Workspace

Button = dict[str, Any]


def buttons_on(post: Post) -> list[Button]:
    """Return the buttons under a message, in their order, each with the block_id of its row."""
    rows = [(place, block) for place, block in enumerate(post.blocks) if block.get("type") == "actions"]
    return [
        {**each, "block_id": row.get("block_id") or f"row{place}"}
        for place, row in rows
        for each in row.get("elements", [])
        if each.get("type") == "button"
    ]


async def press(workspace: Workspace, channel: str, ts: str, button: Button, user: str = "U0ADA1234") -> str:
    """Press a button under a message, which may have gone since the person saw it; return the fault that they see."""
    room, person = workspace.channels[channel], workspace.users[user]
    post = room.posts[ts]
    url = response_url(workspace, user, channel, post.thread_ts)
    trigger = workspace.views.give_trigger(user)
    pressed = payloads.message_block_actions(
        person, room, workspace.body(post), button, workspace.stamp(), trigger, url
    )
    receipt = await workspace.courier.interact("interactive", pressed)
    if receipt.fault:
        tell(workspace, user, channel, post.thread_ts, f'The button failed with the error "{receipt.fault}"')
    return receipt.fault
