"""The page's Discord in a real Chromium: what is its own there, and a question in each of its places."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from deploy.sandbox.discord.posts import Flag, Post
from deploy.sandbox.discord.roster import ADA, BOT_USER, ENGINEERS, GENERAL, GRACE, LINUS, RANDOM
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.browser import browsing, go_to, open_tab, visit, visit_in, write
from tests.support.sandbox_discord import Ear, Event, connected
from tests.support.started import started

# One Chromium serves all of these tests, so they share its event loop.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SHOUTS = "window.shouted=true"  # without a space, as a link holds none


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Return a running Chromium."""
    async with browsing() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a sandbox without rate limits, as a test writes faster than people do."""
    async with serve() as sandbox:
        sandbox.guild.limits_on = False
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """Return an empty tab, as wide as on a desk; each test opens another sandbox in it, whose port is an origin."""
    tab = await open_tab(browser)
    yield tab
    await tab.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(sandbox: Sandbox, tab: Page) -> AsyncIterator[Page]:
    """Return the sandbox's page in Discord's #general, as wide as on a desk."""
    page = await visit_in(tab, sandbox.url)
    await page.get_by_role("navigation").get_by_role("button", name="Discord").click()
    await expect(page.get_by_role("textbox", name="Message #general")).to_be_visible()
    yield page
    await tab.goto("about:blank")


def speak(sandbox: Sandbox, text: str, channel: str = GENERAL) -> Post:
    """Post as the bot."""
    post = Post(sandbox.guild.snowflakes.next(), channel, BOT_USER, text)
    sandbox.guild.board.publish(post, {})
    return post


async def test_the_other_platform_is_one_click_away(sandbox: Sandbox, page: Page) -> None:
    """What is new there is counted beside its name, and one comes back to where one was."""
    rail = page.get_by_role("navigation")
    await go_to(page, "random")
    await sandbox.workspace.say("C0ENGINEERI", "On Slack", "U0GRACE12")
    await rail.get_by_role("button", name="Slack, bot offline, 1 unread").click()
    await expect(rail.get_by_role("button", name="engineering, 1 unread")).to_be_visible()
    await expect(rail.get_by_role("button", name="budget")).to_be_visible()
    await rail.get_by_role("button", name="Discord").click()
    await expect(page.get_by_role("heading", name="# random")).to_be_visible()
    await expect(rail.get_by_role("button", name="budget")).to_have_count(0)


async def test_names_are_completed_and_go_out_as_discord_writes_them(sandbox: Sandbox, page: Page) -> None:
    """People, roles and channels by their ids; what stands in code stays as it is."""
    box = page.get_by_role("textbox", name="Message #general")
    options = page.locator("#channel .suggestions").get_by_role("option")
    for begun, offered in (("@C", "Confab"), ("@en", "@engineers"), ("#ra", "#random")):
        await box.press_sequentially(begun)
        await expect(options).to_have_text([re.compile(f"{offered}")])
        await box.press("Tab")
    await box.press_sequentially("a < b & `@Confab`")
    await box.press("Enter")
    await expect(page.locator(".row .mention")).to_have_text(["@Confab", "@engineers", "#random"])
    (post,) = sandbox.guild.posts(GENERAL)
    assert post.content == f"<@{BOT_USER}> <@&{ENGINEERS}> <#{RANDOM}> a < b & `@Confab`"
    await page.locator(".row").hover()
    await page.get_by_role("button", name="Edit").click()
    editor = page.get_by_role("textbox", name="Edit your message")
    await expect(editor).to_have_value("@Confab @engineers #random a < b & `@Confab`")
    await editor.fill("@Grace Hopper: see you")
    await editor.press("Enter")
    await expect(page.locator(".row .edited")).to_have_text("(edited)")
    assert post.content == f"<@{GRACE}>: see you"


MARKDOWN = f"""# One
## Two
-# small *print*
#Not a heading
Some **bold**, *slanted*, __under__, ~~gone~~, ||hidden|| and `code <b>`
with [a link](https://example.com/a_(b)), 2 * 3.
> Quoted <@{ADA}>
> twice
- One
  - inner
1. First
Look:```python
print("**not bold**")  # <@{ADA}> ||
```
&lt; stays, <https://example.com/quiet>, \\*so\\* @here
>>> All
the rest"""


async def test_discords_markdown_is_shown_as_it_is_meant(sandbox: Sandbox, page: Page) -> None:
    """Its own marks become what they stand for, and those of others stay what they are."""
    speak(sandbox, MARKDOWN)
    said = page.locator(".row .said")
    await expect(said.locator("h1")).to_have_text("One")
    assert await said.locator("h2").inner_text() == "Two"
    assert await said.locator(".subtext em").inner_text() == "print"
    for name, text in (
        ("strong", "bold"),
        ("u", "under"),
        ("s", "gone"),
        (".spoiler", "hidden"),
        ("p > code", "code <b>"),
    ):
        assert await said.locator(name).all_inner_texts() == [text]
    assert await said.locator("a").evaluate_all("links => links.map(link => link.href)") == [
        "https://example.com/a_(b)",
        "https://example.com/quiet",
    ]
    assert await said.locator("blockquote").all_inner_texts() == ["Quoted @Ada Lovelace\ntwice", "All\nthe rest"]
    assert await said.locator("ul > li > ul > li").inner_text() == "inner"
    assert await said.locator("ol > li").inner_text() == "First"
    assert await said.locator("pre").inner_text() == f'print("**not bold**")  # <@{ADA}> ||'
    text = await said.inner_text()
    assert "#Not a heading" in text
    assert "&lt; stays" in text
    assert "*so* @here" in text


async def test_a_spoiler_is_read_by_who_wants_to(sandbox: Sandbox, page: Page) -> None:
    """One click shows it."""
    speak(sandbox, "It was ||the *butler*||")
    hidden = page.locator(".spoiler")
    await expect(hidden).to_have_attribute("aria-pressed", "false")
    await expect(hidden.locator("em")).to_be_hidden()
    await hidden.click()
    await expect(hidden.locator("em")).to_be_visible()


HOSTILE = [
    "<img src=x onerror='{}'>",
    "[click](javascript:{})",
    '[click](https://example.com/" onmouseover="{})',
    "<javascript:{}>",
    "||<script>{}</script>||",
    "-# <svg onload={}>",
    ">>> <iframe srcdoc='<script>{}</script>'>",
    "```html\n<img src=x onerror='{}'>\n```",
    f"<@{ADA}|<img src=x onerror={{}}>>",
    "<t:99999999999999:R> <:img:1> <a:x:2>",
]  # fmt: skip


async def test_nothing_that_a_message_says_is_ever_run(sandbox: Sandbox, page: Page) -> None:
    """Not as markup and not as a link."""
    for attack in HOSTILE:
        speak(sandbox, attack.replace("{}", SHOUTS))
    rows = page.locator("#channel .row .said")
    await expect(rows).to_have_count(len(HOSTILE))
    assert await rows.locator("img, script, iframe, svg[onload]").count() == 0
    found = await rows.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert all(link.startswith("https://example.com/") for link in found)
    handlers = "nodes => nodes.flatMap(node => node.getAttributeNames()).filter(name => name.startsWith('on'))"
    assert await rows.locator("*").evaluate_all(handlers) == []
    assert await page.evaluate("window.shouted") is None


async def test_a_reply_stands_under_what_it_answers(sandbox: Sandbox, page: Page) -> None:
    """One replies from a message, and the message is named above; a deleted one is said to be gone."""
    first = await sandbox.guild.say(GENERAL, "Where do **we** meet?", GRACE)
    channel = page.locator("#channel")
    await channel.locator(".row").hover()
    await channel.get_by_role("button", name="Reply").click()
    await expect(channel.locator(".replying")).to_contain_text("Replying to Grace Hopper")
    await write(channel, "In the garden")
    await expect(channel.locator(".replying")).to_be_hidden()
    above = channel.locator(".row .above")
    await expect(above).to_contain_text("Grace Hopper")
    await expect(above).to_contain_text("Where do **we** meet?")
    reply = sandbox.guild.posts(GENERAL)[-1]
    assert reply.reference is not None
    assert reply.reference.post == first
    await sandbox.guild.delete(GENERAL, first)
    await expect(above).to_have_text("The message that this answers is gone.")


async def test_a_thread_opens_from_a_message_and_is_listed_under_its_channel(sandbox: Sandbox, page: Page) -> None:
    """It is there with its first message, has its name, and counts what is new in it by itself."""
    root = await sandbox.guild.say(GENERAL, "Who brings the cake?", LINUS)
    await page.locator("#channel .row").hover()
    await page.get_by_role("button", name="Start a thread").click()
    pane = page.locator("#thread")
    await write(pane, "I do")
    await expect(pane.locator(".said")).to_have_text(["Who brings the cake?", "I do"])
    await expect(page.get_by_role("heading", name="Who brings the cake?")).to_be_visible()
    thread = sandbox.guild.thread_of(root)
    assert thread is not None
    await expect(page.locator("#channel .replies")).to_contain_text("1 message")
    await go_to(page, "random")
    await sandbox.guild.say(thread.id, "Good", GRACE)
    listed = page.get_by_role("list", name="Threads in general")
    await listed.get_by_role("button", name="Who brings the cake?, 1 unread").click()
    await expect(pane.locator(".said")).to_have_text(["Who brings the cake?", "I do", "Good"])
    await sandbox.guild.archive(thread.id)
    await expect(listed).to_have_count(0)


async def test_that_the_bot_types_is_shown_until_it_speaks(sandbox: Sandbox, page: Page) -> None:
    """Under the messages of the channel in which it types."""
    await sandbox.guild.type(GENERAL, BOT_USER)
    status = page.locator("#channel .status")
    await expect(status).to_have_text("Confab is typing…")
    speak(sandbox, "Done")
    await expect(page.locator(".row .said")).to_have_text("Done")
    await expect(status).to_have_text("")


async def test_a_message_that_is_too_long_is_counted_and_held_back(page: Page) -> None:
    """The count appears near the end, and turns when there is no room left."""
    box, send = page.get_by_role("textbox", name="Message #general"), page.locator("#channel .send")
    await box.fill("x" * 1990)
    await expect(page.locator("#channel .left")).to_have_text("10")
    await expect(send).to_be_enabled()
    await box.fill("x" * 1999 + "🙂🙂")
    await expect(page.locator("#channel .left")).to_have_text("-1")
    await expect(send).to_be_disabled()


async def test_a_voice_message_is_recorded_and_sent_alone(sandbox: Sandbox, page: Page) -> None:
    """It has Discord's flag, a length and a waveform; what was written goes out as a message of its own."""
    channel = page.locator("#channel")
    await channel.get_by_role("button", name="Record a voice message").click()
    await expect(channel.get_by_role("group", name="Recording")).to_contain_text("0:01")
    await channel.get_by_role("button", name="Done").click()
    await write(channel, "Listen")
    await expect(channel.get_by_role("button", name="Play the voice message")).to_be_visible()
    await expect(channel.locator(".row .said")).to_have_text("Listen")
    note, words = sandbox.guild.posts(GENERAL)
    (file,) = note.attachments
    assert (note.content, words.content, words.attachments) == ("", "Listen", [])
    assert Flag.VOICE in note.flags
    assert file.duration_secs is not None
    assert file.duration_secs >= 1
    assert len(file.waveform or "") == 64  # 48 bytes in base64
    assert (file.name, file.media_type) == ("voice-message.ogg", "audio/ogg")


@pytest_asyncio.fixture(loop_scope="module")
async def bot(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """Return a bot that registered two commands and a menu, and answers each use for the person alone."""
    question = {"type": 3, "name": "question", "description": "What to ask", "required": True}
    given: list[Event] = [
        {"name": "ask", "description": "Ask Confab", "options": [question]},
        {"name": "help", "description": "What Confab can do"},
        {"name": "Ask Confab about this", "type": 3},
    ]
    async with connected(sandbox) as client:
        await client.http.bulk_upsert_global_commands(int(sandbox.guild.app), given)

        @client.event
        async def on_interaction(used: discord.Interaction) -> None:
            await used.response.send_message(f"Used: {used.data}"[:40], ephemeral=True)

        yield client


async def test_a_slash_command_is_completed_and_used(sandbox: Sandbox, page: Page, bot: Ear) -> None:
    """The answer says who used what, and that nobody else sees it; no message is written."""
    box = page.get_by_role("textbox", name="Message #general")
    await box.press_sequentially("/")
    options = page.locator("#channel .suggestions").get_by_role("option")
    await expect(options).to_have_text([re.compile("/ask"), re.compile("/help")])
    await box.press("Enter")
    await expect(box).to_have_value("/ask ")
    await expect(page.locator("#channel .hint")).to_have_text("question: What to ask")
    await box.press_sequentially("who is @Grace Hopper?")
    await box.press("Enter")
    row = page.locator("#channel .row")
    await expect(row.locator(".above")).to_have_text(re.compile("Ada Lovelace used /ask"))
    await expect(row.locator(".said")).to_have_text(re.compile("Used"))
    (asked,) = bot.events("INTERACTION_CREATE")
    assert asked["data"]["options"][0]["value"] == f"who is <@{GRACE}>?"
    await expect(row.locator(".only")).to_have_text("Only you can see this")
    assert len(sandbox.guild.posts(GENERAL)) == 1
    await page.get_by_label("Who you are").select_option(label="Linus Berg")
    await expect(row).to_have_count(0)


async def test_the_bot_is_asked_about_a_message_from_its_menu(sandbox: Sandbox, page: Page, bot: Ear) -> None:
    """The menu has what the bot registered; that nobody answered is said."""
    post = await sandbox.guild.say(GENERAL, "The engine weaves algebraic patterns.", GRACE)
    await page.locator("#channel .row").hover()
    await page.get_by_role("button", name="Apps").click()
    await page.get_by_role("menuitem", name="Ask Confab about this").click()
    await expect(page.locator(".row .above")).to_have_text(re.compile("used Ask Confab about this"))
    (asked,) = bot.events("INTERACTION_CREATE")
    assert asked["data"]["target_id"] == post
    await bot.close()
    sandbox.guild.interactions.ack_within = 0.1
    await write(page.locator("#channel"), "/help")
    await expect(page.locator(".toast")).to_have_text("The application did not respond.")
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("/help")


async def test_discords_faults_are_in_the_drawer(sandbox: Sandbox, page: Page) -> None:
    """Those of this platform and the model's; a switch is a fault in the guild."""
    await page.get_by_role("button", name="Behind the scenes").click()
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_role("switch", name="Deliver every message twice").check()
    await expect(page.locator("#lamp")).to_have_text("1 fault")
    assert sandbox.guild.faults.deliveries == 2
    assert await page.get_by_role("switch", name="429 on chat.update").count() == 0
    await page.get_by_role("switch", name="The next message fails").check()
    assert sandbox.guild.faults.server_error == {"create_message": 1}


async def test_on_a_phone_everything_is_within_reach(sandbox: Sandbox, browser: Browser) -> None:
    """One column at a time, nothing wider than the screen."""
    root = await sandbox.guild.say(GENERAL, "word " * 80 + "`" + "x" * 300 + "`", GRACE)
    thread = await sandbox.guild.open_thread(GENERAL, "A long one " * 8, LINUS, root)
    await sandbox.guild.say(thread, "Short", LINUS, reference=None)
    page = await visit(browser, sandbox.url, 390, 844)
    await page.get_by_role("button", name="Channels", exact=True).click()
    await page.get_by_role("navigation").get_by_role("button", name="Discord").click()
    await go_to(page, "general")
    await page.locator("#channel .replies").click()
    await expect(page.locator("#thread .said")).to_have_count(2)
    await expect(page.locator("#channel")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="Close the thread").click()
    await page.get_by_role("button", name="Channels", exact=True).click()
    await go_to(page, "Confab")
    await expect(page.get_by_role("heading", name="Confab", exact=True)).to_be_visible()
    await page.close()


def answers(column: Locator) -> Locator:
    """Return what the bot said in a column."""
    return column.locator(f"[data-user='{BOT_USER}'] .said")


async def test_the_first_minute(browser: Browser, tmp_path: Path) -> None:
    """`make run`, then a question in a channel, in its thread, in a direct message and by command; all are answered."""
    async with started(tmp_path) as run:
        await run.until("http://")
        page = await visit(browser, run.page)
        channel, thread = page.locator("#channel"), page.locator("#thread")
        await page.get_by_role("navigation").get_by_role("button", name="Discord").click()
        await expect(page.get_by_role("navigation")).to_contain_text("Discord, bot online")
        await go_to(page, "engineering")
        await write(channel, "@Confab we go with SQLite for the inbox")
        await expect(answers(thread)).to_contain_text(["You asked:"])
        await expect(page.get_by_role("list", name="Threads in engineering").get_by_role("button")).to_have_count(1)
        await write(thread, "what did we decide?")
        await expect(answers(thread)).to_contain_text(["You asked:", "we go with SQLite for the inbox"])
        await page.screenshot(path=tmp_path / "discord-thread.png")
        await go_to(page, "Confab")
        await write(channel, "code")
        await expect(answers(channel).locator("pre")).to_contain_text("def greet")
        await page.screenshot(path=tmp_path / "discord-direct.png")
        await channel.get_by_role("textbox").press_sequentially("/a")
        await expect(channel.get_by_role("option")).to_have_text([re.compile("/ask")])
        await channel.get_by_role("textbox").press("Tab")
        await channel.get_by_role("textbox").press_sequentially("table")
        await channel.get_by_role("textbox").press("Enter")
        asked = channel.locator(".row", has_text="used /ask")
        await expect(asked).to_contain_text("Mercury")
        await page.screenshot(path=tmp_path / "discord-command.png")
        await channel.get_by_role("textbox").press_sequentially("/confab se")
        await expect(channel.get_by_role("option")).to_have_text([re.compile("/confab settings")])
        await channel.get_by_role("textbox").press("Tab")
        await channel.get_by_role("textbox").press("Enter")
        menu = channel.locator(".field select").nth(1)
        await menu.select_option(label="French")
        await expect(menu).to_have_value("French")
        await write(channel, "/confab settings")
        await expect(channel.locator(".field select:has(option[value=French]:checked)")).to_have_count(2)
        await page.close()
