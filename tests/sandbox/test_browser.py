"""The page in a real Chromium: reading, writing, files, voice, faults, and what it must never run."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.browser import browsing, go_to, open_tab, visit, visit_in, write
from tests.support.started import started

# One Chromium serves all of these tests, so they share its event loop.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GENERAL = "C0GENERAL"
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
        sandbox.workspace.limits_on = False
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """Return an empty tab, as wide as on a desk; each test opens another sandbox in it, whose port is an origin."""
    tab = await open_tab(browser)
    yield tab
    await tab.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(sandbox: Sandbox, tab: Page) -> AsyncIterator[Page]:
    """Return the sandbox's page, as wide as on a desk."""
    yield await visit_in(tab, sandbox.url)
    await tab.goto("about:blank")


@pytest.fixture
def slack(sandbox: Sandbox) -> AsyncWebClient:
    """Return Slack's own client, with the bot's token."""
    return AsyncWebClient(sandbox.workspace.bot_token, base_url=sandbox.slack_api_url)


async def answer(slack: AsyncWebClient, text: str, thread: str | None = None) -> str:
    """Post Markdown as the bot and return its ts."""
    blocks = [{"type": "markdown", "text": text}]
    posted = await slack.chat_postMessage(channel=GENERAL, text=text[:3000], blocks=blocks, thread_ts=thread)
    return str(posted["ts"])


async def test_a_mention_is_completed_and_goes_out_as_slack_writes_it(sandbox: Sandbox, page: Page) -> None:
    """`@C` offers Confab; the page shows @Confab, and the wire has its id."""
    box = page.get_by_role("textbox", name="Message #general")
    await box.press_sequentially("@C")
    await expect(page.locator("#channel .suggestions").get_by_role("option")).to_have_text([re.compile("Confab")])
    await box.press("Enter")
    await expect(box).to_have_value("@Confab ")
    await box.press_sequentially("a < b & c, see https://example.com/x.")
    await box.press("Shift+Enter")
    await box.press_sequentially("`<b>`")
    await box.press("Enter")
    await expect(page.locator(".row .mention")).to_have_text("@Confab")
    (post,) = sandbox.workspace.posts(GENERAL)
    assert post.text == "<@U0CONFAB1> a &lt; b &amp; c, see <https://example.com/x>.\n`&lt;b&gt;`"
    await expect(page.locator(".row a")).to_have_attribute("href", "https://example.com/x")
    await expect(page.locator(".row code")).to_have_text("<b>")


async def test_an_answer_grows_before_ones_eyes(sandbox: Sandbox, page: Page, slack: AsyncWebClient) -> None:
    """Edits show as they come, without an "edited" mark on the bot."""
    ts = await answer(slack, "I am")
    row = page.locator("#channel .row")
    await expect(row.locator(".said")).to_have_text("I am")
    blocks = [{"type": "markdown", "text": "I am **here**"}]
    await slack.chat_update(channel=GENERAL, ts=ts, text="I am here", blocks=blocks)
    await expect(row.locator("strong").last).to_have_text("here")
    assert await row.locator(".edited").count() == 0
    assert sandbox.workspace.posts(GENERAL)[0].edited


async def test_one_edits_and_deletes_ones_own_messages_alone(sandbox: Sandbox, page: Page) -> None:
    """A person's edit is marked, a delete asks first, and others' messages offer neither."""
    await sandbox.workspace.say(GENERAL, "Mine, <@U0GRACE12>", "U0ADA1234")
    await sandbox.workspace.say(GENERAL, "Yours", "U0GRACE12")
    mine, yours = page.locator(".row", has_text="Mine"), page.locator(".row", has_text="Yours")
    await yours.hover()
    await expect(yours.get_by_role("button", name="Reply in a thread")).to_be_visible()
    assert await yours.get_by_role("button", name="Edit").count() == 0
    await mine.hover()
    await mine.get_by_role("button", name="Edit").click()
    editor = page.get_by_role("textbox", name="Edit your message")
    await expect(editor).to_have_value("Mine, @Grace")
    await editor.fill("Mine, @Linus")
    await editor.press("Enter")
    await expect(mine.locator(".edited")).to_have_text("(edited)")
    assert sandbox.workspace.posts(GENERAL)[0].text == "Mine, <@U0LINUS12>"
    await mine.hover()
    await mine.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(mine).to_have_count(0)
    assert [post.text for post in sandbox.workspace.posts(GENERAL)] == ["Yours"]


async def test_a_thread_opens_beside_its_channel(sandbox: Sandbox, page: Page) -> None:
    """The summary counts the replies, the pane shows them, and Escape closes it."""
    root = await sandbox.workspace.say(GENERAL, "Where do we meet?", "U0GRACE12")
    await sandbox.workspace.say(GENERAL, "In the garden", "U0LINUS12", root)
    await page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_role("region", name="Thread")
    await expect(thread.locator(".said")).to_have_text(["Where do we meet?", "In the garden"])
    await write(thread, "See you there")
    await expect(page.locator("#channel").get_by_role("button", name="2 replies")).to_be_visible()
    assert sandbox.workspace.thread(GENERAL, root)[-1].text == "See you there"
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()


async def test_what_is_new_elsewhere_is_counted(sandbox: Sandbox, page: Page) -> None:
    """The rail counts what one has not seen, until one looks."""
    await sandbox.workspace.say("C0RANDOM1", "Cake in the kitchen", "U0GRACE12")
    await page.get_by_role("button", name="random, 1 unread").click()
    await expect(page.locator(".row .said")).to_have_text("Cake in the kitchen")
    await expect(page.get_by_role("navigation").get_by_role("button", name="random", exact=True)).to_be_visible()


async def test_one_may_be_somebody_else(sandbox: Sandbox, page: Page) -> None:
    """Each has their own direct message with the bot, and writes under their own name."""
    await page.get_by_label("Who you are").select_option(label="Grace Hopper")
    await go_to(page, "Confab")
    await write(page.locator("#channel"), "It is me, Grace")
    await expect(page.locator(".row .by strong")).to_have_text("Grace Hopper")
    assert sandbox.workspace.posts("D0GRACE12")[0].user == "U0GRACE12"


async def test_a_status_is_shown_while_the_bot_works(sandbox: Sandbox, page: Page, slack: AsyncWebClient) -> None:
    """It stands under the question until the answer comes."""
    root = await sandbox.workspace.say(GENERAL, "<@U0CONFAB1> think", "U0ADA1234")
    await slack.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="is thinking…")
    await expect(page.locator(".row .replies")).to_have_text(re.compile("Confab is thinking…"))
    await answer(slack, "Thought", root)
    await expect(page.locator(".row .replies")).to_have_text(re.compile("1 reply"))


async def test_the_first_answer_opens_beside_its_question(sandbox: Sandbox, page: Page, slack: AsyncWebClient) -> None:
    """The pane opens by itself for one's own question only, and not over something half written."""
    box, thread = page.get_by_role("textbox", name="Message #general"), page.get_by_role("region", name="Thread")
    await box.fill("Half a")
    roots = [await sandbox.workspace.say(GENERAL, "Ask", user) for user in ("U0ADA1234", "U0GRACE12", "U0ADA1234")]
    await answer(slack, "While one writes", roots[0])
    await expect(page.get_by_role("button", name="1 reply")).to_have_count(1)
    await box.fill("")
    await answer(slack, "For somebody else", roots[1])
    await expect(page.get_by_role("button", name="1 reply")).to_have_count(2)
    await expect(thread).to_be_hidden()
    await answer(slack, "For oneself", roots[2])
    await expect(thread.locator(".said")).to_have_text(["Ask", "For oneself"])


async def test_a_deleted_root_stays_as_a_gap_over_its_replies(sandbox: Sandbox, page: Page) -> None:
    """It has no author any more, and nothing can be done with it."""
    root = await sandbox.workspace.say(GENERAL, "To be regretted", "U0ADA1234")
    await sandbox.workspace.say(GENERAL, "Too late", "U0GRACE12", root)
    await sandbox.workspace.delete(GENERAL, root)
    row = page.locator("#channel .row")
    await expect(row.locator(".said")).to_have_text("This message was deleted.")
    await expect(row.get_by_role("button", name="1 reply")).to_be_visible()
    assert await row.locator(".by, .actions").count() == 0


MARKDOWN = """# Head
Some **bold**, *slanted*, ~~gone~~ and `code <b>` with [a link](https://example.com/a_(b)), snake_case_name, 2 * 3 * 4.

1. One
   - inner *item*
2. Two

> Quoted
> twice

| Name | Size |
|:-----|-----:|
| `a|b` | **1** |
| c \\| d | 2 |

```python
print("**not bold**")  # <@U0ADA1234>
```
Hello <@U0ADA1234>"""


async def test_markdown_is_shown_as_it_is_meant(page: Page, slack: AsyncWebClient) -> None:
    """Headings, emphasis, lists, quotes, tables, code and mentions become what they stand for."""
    await answer(slack, MARKDOWN)
    said = page.locator(".row .said")
    await expect(said.locator("h1")).to_have_text("Head")
    paragraph = said.locator("> p").first
    assert await paragraph.locator("strong").all_inner_texts() == ["bold"]
    assert await paragraph.locator("em").all_inner_texts() == ["slanted"]
    assert await paragraph.locator("s").all_inner_texts() == ["gone"]
    assert await paragraph.locator("code").all_inner_texts() == ["code <b>"]
    assert await paragraph.locator("a").get_attribute("href") == "https://example.com/a_(b)"
    assert (await paragraph.inner_text()).endswith("snake_case_name, 2 * 3 * 4.")
    assert await said.locator("ol > li").count() == 2
    assert await said.locator("ol > li > ul > li em").inner_text() == "item"
    assert await said.locator("blockquote").inner_text() == "Quoted\ntwice"
    assert await said.locator("th").all_inner_texts() == ["Name", "Size"]
    assert await said.locator("td").all_inner_texts() == ["a|b", "1", "c | d", "2"]
    assert await said.locator("pre").inner_text() == 'print("**not bold**")  # <@U0ADA1234>'
    assert await said.locator(".mention").inner_text() == "@Ada"


async def test_an_answer_that_is_half_there_is_shown_as_far_as_it_goes(page: Page, slack: AsyncWebClient) -> None:
    """An open fence is code already, and a table needs its second line to be one."""
    await answer(slack, "Look:\n\n```python\nprint(1)")
    await expect(page.locator(".row pre")).to_have_text("print(1)")
    await answer(slack, "| Name | Size |")
    await expect(page.locator(".row .said").last).to_have_text("| Name | Size |")


HOSTILE = [
    "<img src=x onerror='{}'>",
    "<script>{}</script>",
    "<svg onload={}>",
    "[click](javascript:{})",
    "[click]( JaVaScRiPt:{} )",
    "<javascript:{}|click>",
    '<https://example.com/" onmouseover="{}|click>',
    '![x](x" onerror="{})',
    "[click](data:text/html,<script>{}</script>)",
    "[click](vbscript:{})",
    "```html\n<img src=x onerror='{}'>\n```",
    "`<img src=x onerror='{}'>`",
    "| <img src=x onerror='{}'> | b |\n|---|---|\n| [c](javascript:{}) | d |",
    "# <iframe srcdoc='<script>{}</script>'>",
    "<@U0ADA1234|<img src=x onerror={}>>",
    "&lt;img src=x onerror='{}'&gt;",
]  # fmt: skip


async def test_nothing_that_a_message_says_is_ever_run(
    sandbox: Sandbox, page: Page, slack: AsyncWebClient, tmp_path: Path
) -> None:
    """Not as markup, not as a link, not by a name; neither from the bot nor from a person."""
    for attack in HOSTILE:
        await answer(slack, attack.replace("{}", SHOUTS))
        await sandbox.workspace.say(GENERAL, attack.replace("{}", SHOUTS), "U0GRACE12")
    rows = page.locator("#channel .row .said")
    await expect(rows).to_have_count(2 * len(HOSTILE))
    assert await rows.locator("img, script, iframe, svg[onload]").count() == 0
    found = await rows.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert all(link.startswith("https://example.com/") for link in found)
    handlers = "nodes => nodes.flatMap(node => node.getAttributeNames()).filter(name => name.startsWith('on'))"
    assert await rows.locator("*").evaluate_all(handlers) == []
    for clickable in await rows.get_by_text("click").all():
        if await clickable.evaluate("node => node.tagName") != "A":
            await clickable.click()
    assert await page.evaluate("window.shouted") is None
    await page.screenshot(path=tmp_path / "hostile.png")


async def test_a_file_is_attached_by_button_drop_and_paste(sandbox: Sandbox, page: Page) -> None:
    """Each way ends in one message that holds the file as it was."""
    channel = page.locator("#channel")
    note = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"We decided on Thursday."}
    await channel.locator("input[type=file]").set_input_files(files=[note])  # type: ignore[arg-type] # a FilePayload
    await expect(channel.locator(".enclosed .file")).to_have_text(re.compile("notes.txt"))
    await write(channel, "The notes")
    await expect(page.locator(".row .file b")).to_have_text("notes.txt")
    drop = """(node, kind) => {
        const data = new DataTransfer();
        data.items.add(new File(["from " + kind], kind + ".txt", {type: "text/plain"}));
        const made = kind === "paste"
            ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
            : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
        node.dispatchEvent(made);
    }"""
    for kind in ("drop", "paste"):
        await channel.get_by_role("textbox").evaluate(drop, kind)
        await expect(channel.locator(".enclosed .file")).to_have_text(re.compile(f"{kind}.txt"))
        await channel.get_by_role("button", name="Send").click()
    await expect(page.locator(".row .file b")).to_have_text(["notes.txt", "drop.txt", "paste.txt"])
    posts = sandbox.workspace.posts(GENERAL)
    assert [post.files[0].content for post in posts] == [b"We decided on Thursday.", b"from drop", b"from paste"]
    assert [post.subtype for post in posts] == ["file_share"] * 3


async def test_a_voice_message_is_recorded_and_sent(sandbox: Sandbox, page: Page) -> None:
    """It arrives as an audio clip of Slack's, with its length, and can be played."""
    channel = page.locator("#channel")
    await channel.get_by_role("button", name="Record a voice message").click()
    await expect(channel.get_by_role("group", name="Recording")).to_contain_text("0:01")
    await channel.get_by_role("button", name="Done").click()
    await expect(channel.locator(".enclosed .file")).to_contain_text("Voice message")
    await channel.get_by_role("button", name="Send").click()
    await expect(page.locator(".row audio")).to_have_attribute("src", re.compile("/api/files/slack/"))
    (clip,) = sandbox.workspace.posts(GENERAL)[0].files
    assert (clip.is_clip, clip.media_type) == (True, "audio/mp4")
    assert clip.content[4:8] == b"ftyp"  # an MP4 file's first box
    assert clip.duration_ms is not None
    assert clip.duration_ms >= 1000


async def test_without_a_microphone_the_page_says_so(sandbox: Sandbox, browser: Browser) -> None:
    """The button explains itself, and everything else works."""
    page = await browser.new_page()
    await page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    await page.goto(sandbox.url)
    button = page.locator("#channel").get_by_role("button", name="This browser cannot record sound")
    await expect(button).to_be_disabled()
    await write(page.locator("#channel"), "Then in writing")
    await expect(page.locator(".row .said")).to_have_text("Then in writing")


async def test_slacks_own_command_is_offered_and_its_refusal_is_ones_own(sandbox: Sandbox, page: Page) -> None:
    """Without a bot it is Slackbot who says that it failed, to the asker alone; in a thread Slack has no commands."""
    box = page.get_by_role("textbox", name="Message #general")
    await box.press_sequentially("/c")
    await expect(page.locator("#channel .suggestions").get_by_role("option")).to_have_text([re.compile("/confab")])
    await box.press("Tab")
    await box.press_sequentially("hello")
    await box.press("Enter")
    row = page.locator("#channel .row")
    await expect(row.locator(".by")).to_contain_text("Slackbot")
    await expect(row.locator(".only")).to_have_text("Only you can see this")
    root = await sandbox.workspace.say(GENERAL, "A thread", "U0GRACE12")
    await page.locator("#channel .row", has_text="A thread").hover()
    await page.get_by_role("button", name="Reply in a thread").click()
    await write(page.locator("#thread"), "/confab help")
    await expect(page.locator("#thread .said").last).to_contain_text("not supported in threads")
    assert [post.ts for post in sandbox.workspace.posts(GENERAL)] == [root]


async def test_the_drawer_shows_the_faults_and_the_model(sandbox: Sandbox, page: Page) -> None:
    """A switch on the page is a fault in the workspace, and what reaches the model is shown as it came."""
    await page.get_by_role("button", name="Behind the scenes").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("Nothing yet")
    asked = {"model": "stand-in", "messages": [{"role": "user", "name": "Ada", "content": "<b>Hello</b>"}]}
    await page.evaluate(
        "body => fetch('/v1/chat/completions', {method: 'POST', headers: {Authorization: 'Bearer any'}, body})",
        json.dumps(asked),
    )
    await expect(page.locator(".request .prompt")).to_have_text(re.compile("user.*Ada.*<b>Hello</b>"))
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_role("switch", name="Deliver every event three times").check()
    await expect(page.locator("#lamp")).to_have_text("1 fault")
    assert sandbox.workspace.faults.deliveries == 3


async def test_an_empty_channel_says_what_to_try(page: Page) -> None:
    """One click puts a question into the message box."""
    await page.get_by_role("button", name="Write @Confab what did we decide?").click()
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("@Confab what did we decide?")


async def test_the_banner_says_what_this_is(sandbox: Sandbox, page: Page) -> None:
    """A pretend workspace; and who answers, be it a stand-in or a real model."""
    await expect(page.get_by_role("note")).to_contain_text("pretend Slack and Discord")
    await expect(page.get_by_role("note")).to_contain_text("stand-in")
    await page.evaluate("import('/script/wire.js').then(({ call }) => call('model', {host: 'api.example.com'}))")
    await expect(page.get_by_role("note")).to_contain_text("real model at api.example.com")
    assert sandbox.workspace.posts(GENERAL) == []


async def test_a_lost_connection_is_said_and_mended(browser: Browser) -> None:
    """When the sandbox comes back on its port, the page shows what is there now."""
    async with serve() as first:
        page = await visit(browser, first.url)
        port = int(first.url.rpartition(":")[2])
        await expect(page.get_by_role("alert")).to_be_hidden()
    await expect(page.get_by_role("alert")).to_contain_text("connection to the sandbox is lost")
    async with serve(port) as second:
        await expect(page.get_by_role("alert")).to_be_hidden()
        await second.workspace.say(GENERAL, "Here again", "U0GRACE12")
        await expect(page.locator(".row .said")).to_have_text("Here again")
        await page.close()


async def test_on_a_phone_everything_is_within_reach(sandbox: Sandbox, browser: Browser) -> None:
    """One column at a time, nothing wider than the screen."""
    root = await sandbox.workspace.say(GENERAL, "| a | b |\n" + "word " * 80, "U0GRACE12")
    await sandbox.workspace.say(GENERAL, "`" + "x" * 300 + "`", "U0LINUS12", root)
    page = await visit(browser, sandbox.url, 390, 844)
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.get_by_role("region", name="Thread")).to_be_visible()
    await expect(page.locator("#channel")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="Close the thread").click()
    await page.get_by_role("button", name="Channels", exact=True).click()
    await go_to(page, "Confab")
    await expect(page.get_by_role("heading", name="Confab", exact=True)).to_be_visible()


async def set_a_language(page: Page) -> None:
    """Change one's own settings from the app's home, once the modal was closed without a choice."""
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Home", exact=True).click()
    home, modal = (
        page.get_by_role("region", name="Home of the app"),
        page.get_by_role("dialog", name="Confab's settings"),
    )
    await expect(home).to_contain_text("Language of the answers: that of the question")
    await home.get_by_role("button", name="Change my settings").click()
    await expect(modal).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(modal).to_be_hidden()
    await home.get_by_role("button", name="Change my settings").click()
    await modal.get_by_label("Language of the answers").select_option(label="French")
    await modal.get_by_role("button", name="Save").click()
    await expect(modal).to_contain_text("Saved")
    await modal.locator("footer").get_by_role("button", name="Close").click()
    await expect(home).to_contain_text("Language of the answers: French")


async def look_a_file_up(page: Page) -> None:
    """Put a file in, see it, the personas and what was spent on the bot's own pages, and ask about the file."""
    await go_to(page, "random")
    plan = {"name": "plan.md", "mimeType": "text/markdown", "buffer": b"The goats eat at noon.\n" * 60}
    await page.locator("#channel input[type=file]").set_input_files(files=[plan])  # type: ignore[arg-type]
    await write(page.locator("#channel"), "our plan")
    await page.get_by_role("button", name="Files", exact=True).click()
    own = page.frame_locator("#own iframe")
    async with asyncio.timeout(60):
        while not await own.locator(".state.indexed").count():
            await own.get_by_role("link", name="Files").click()
            await expect(own.get_by_role("heading", name="Files")).to_be_visible()
    await expect(own.locator(".sources li")).to_contain_text("plan.md")
    await own.get_by_role("link", name="Personas").click()
    await own.get_by_role("searchbox").fill("pirate")
    await own.get_by_role("button", name="Search").click()
    await expect(own.locator(".gallery li")).to_contain_text(["Captain Brine"])
    await own.get_by_role("link", name="Usage").click()
    await expect(own.get_by_role("img", name=re.compile("by day"))).to_be_visible()
    await page.locator("#own").get_by_role("button", name="Close").click()
    await write(page.locator("#channel"), "@Confab when do the goats eat?")
    answers = page.locator("#thread [data-user=U0CONFAB1] .said")
    await expect(answers).to_contain_text(["The goats eat at noon. [S1]"])
    await expect(answers.get_by_role("listitem")).to_contain_text("plan.md")


async def test_the_first_minute(browser: Browser, tmp_path: Path) -> None:
    """`make run`, then a question in a channel, one in its thread and one in a direct message; all are answered."""
    async with started(tmp_path) as run:
        await run.until("http://")
        page = await visit(browser, run.page)
        await expect(page.get_by_role("navigation")).to_contain_text("bot online")
        await go_to(page, "engineering")
        await write(page.locator("#channel"), "@Confab we go with SQLite for the inbox")
        await page.get_by_role("button", name="1 reply").click()
        thread = page.get_by_role("region", name="Thread")
        answers = thread.locator("[data-user=U0CONFAB1] .said")
        await expect(answers).to_contain_text(["You asked:"])
        await write(thread, "what did we decide?")
        await expect(answers).to_contain_text(["You asked:", "we go with SQLite for the inbox"])
        await go_to(page, "Confab")
        await write(page.locator("#channel"), "table")
        await page.get_by_role("button", name="1 reply").click()
        await expect(thread.locator("[data-user=U0CONFAB1] td").first).to_have_text("Mercury")
        await page.screenshot(path=tmp_path / "first-minute.png")
        await set_a_language(page)
        await look_a_file_up(page)
        await page.screenshot(path=tmp_path / "sources.png")
        await page.close()


async def test_what_newcomers_stumbled_over_stays_mended(sandbox: Sandbox, page: Page, slack: AsyncWebClient) -> None:
    """Focus after Escape, the menu of a phone, times beside rows, folded requests, and an answer beside a thread."""
    box, thread = page.get_by_role("textbox", name="Message #general"), page.get_by_role("region", name="Thread")
    roots = [await sandbox.workspace.say(GENERAL, text, "U0ADA1234") for text in ("First", "Second", "Third")]
    rows = page.locator("#channel .row")
    await expect(rows).to_have_count(3)
    # A row without a face: its time is short, and ends before the text begins.
    await rows.nth(1).hover()
    await expect(rows.nth(1)).to_have_class(re.compile("compact"))
    stamp, said = rows.nth(1).locator(".stamp"), rows.nth(1).locator(".said")
    await expect(stamp).to_have_text(re.compile(r"^\d{1,2}:\d{2}$"))
    edges = [await each.evaluate("node => node.getBoundingClientRect()") for each in (stamp, said)]
    assert edges[0]["right"] <= edges[1]["left"]
    assert await stamp.evaluate("node => node.scrollWidth <= node.clientWidth")
    # An answer opens in place of the thread before it, and another's does not.
    await answer(slack, "One", roots[0])
    await expect(thread.locator(".said")).to_have_text(["First", "One"])
    await answer(slack, "Two", roots[1])
    await expect(thread.locator(".said")).to_have_text(["Second", "Two"])
    await answer(slack, "In the channel")
    await expect(rows.last).to_contain_text("In the channel")
    # Escape gives the focus back to where it was: suggestions, a reply's editor, the thread, the drawer.
    await thread.get_by_role("textbox").press_sequentially("@C")
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread .suggestions")).to_be_hidden()
    await expect(thread.get_by_role("textbox")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(page.locator(f"#channel [data-post='{roots[1]}'] .replies")).to_be_focused()
    await box.focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("textbox", name="Edit your message")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(box).to_be_focused()
    await page.get_by_role("button", name="Behind the scenes").click()
    await expect(page.get_by_role("tab", name="What reached the model")).to_be_focused()
    # Requests fold one by one; the newest is open, and what was opened stays open.
    for text in ("Eins", "Zwei"):
        body = json.dumps({"model": "stand-in", "messages": [{"role": "user", "content": text}]})
        await page.evaluate(
            "body => fetch('/v1/chat/completions', {method: 'POST', headers: {Authorization: 'Bearer any'}, body})",
            body,
        )
    requests = page.locator("#panel-model > .request")
    await expect(requests).to_have_count(2)
    await requests.last.locator("summary").first.click()
    await expect(requests.last).to_have_attribute("open", "")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Behind the scenes")).to_be_focused()
    # On a phone the menu stays where the other platform is chosen, and goes once a place is.
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Channels", exact=True).click()
    rail = page.get_by_role("navigation")
    for name in ("Discord", "Slack"):
        await rail.get_by_role("button", name=re.compile(f"^{name}")).click()
        await expect(page.locator("#rail")).to_have_class("rail open")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Channels", exact=True)).to_be_focused()
    await page.set_viewport_size({"width": 1280, "height": 800})


async def test_a_button_is_pressed_and_what_comes_of_it_is_read(page: Page, slack: AsyncWebClient) -> None:
    """Under the app's message; that nobody hears it, Slack says to the person alone."""
    words = {"type": "plain_text", "text": "Always here"}
    button = {"type": "button", "action_id": "confab:always", "value": "1", "text": words}
    blocks: list[dict[str, object]] = [
        {"type": "markdown", "text": "May I?"},
        {"type": "actions", "elements": [button]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Asked <!date^1700000000^{date}|in November>"}]},
    ]
    await slack.chat_postMessage(channel=GENERAL, text="May I?", blocks=blocks)
    await expect(page.get_by_text("Asked in November")).to_be_visible()
    await page.get_by_role("button", name="Always here").click()
    await expect(page.get_by_text("The button failed")).to_be_visible()
