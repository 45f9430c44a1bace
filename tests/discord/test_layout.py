"""How Markdown that Discord does not know is shown there, while it comes and once it is whole."""

import pytest

from deploy.sandbox.discord.roster import BOT_USER, GENERAL
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_room import mention, shows

LAYOUTS = [
    ("| a | b |\n|---|---|\n| 1 | 2 |", "```\na  b\n-  -\n1  2\n```"),
    ("| q | a |\n|---|---|\n| x | ||secret|| |", "- q: x\n  - a: ||secret||"),
    ("#### Small\nline<br>break", "**Small**\nline\nbreak"),
    ("![cat](https://a.example/c.png) and `<br>`", "[cat](https://a.example/c.png) and `<br>`"),
    ("- [x] a\n\n---\n\n>> b", f"- \u2611 a\n\n{chr(0x2500) * 16}\n\n> b"),
    ("> | a | b |\n> |---|---|\n> | 1 | 2 |", "> ```\n> a  b\n> -  -\n> 1  2\n> ```"),
    ("**\u6ce8\u610f\uff1a**\u6b63\u6587",) * 2,  # which is bold there as it is
]


@pytest.mark.usefixtures("discord_bot")
async def test_what_discord_does_not_know_is_shown_as_what_it_does(sandbox: Sandbox) -> None:
    """Tables, small headings, line breaks and pictures, however they come; a spoiler stays one in each state."""
    with sandbox.guild.subscribe() as changes:
        for markdown, shown in LAYOUTS:
            sandbox.model.script.append(Reply(pieces=tuple(markdown)))
            thread = await sandbox.guild.say(GENERAL, mention("show me"))
            await shows(sandbox, thread, shown)
        states = []
        while not changes.empty():
            post = changes.get_nowait().post
            states += [post.shown] if post is not None and post.user == BOT_USER else []
    assert not any("secret" in state.replace("||secret||", "") for state in states)
