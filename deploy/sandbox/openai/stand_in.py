"""What the stand-in says when nothing is scripted: that it is no real model, and what reached it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy.sandbox.openai.excerpts import found_for
from deploy.sandbox.openai.pictures import Picture, pictures
from deploy.sandbox.openai.replies import FAULTS, Fault, Reply
from deploy.sandbox.openai.wanted import calls_for, results_in

Messages = list[tuple[str, str]]  # role and text
NOTE = "_I am a stand-in, not a real model: I only show what reached me._"
SPOKEN = re.compile(r"^(?:\[[^\]\n]{1,40}\] ?)?(?P<name>[^\W\d_][\w .'-]{0,39}?)(?: \([^)\n]{1,40}\))?: ", re.MULTILINE)
HEARD = re.compile(r"^\[(?:voice note|recording)[^\]\n]*transcribed by a machine\]\n", re.MULTILINE)
DECIDED = re.compile(r"\b(?:decid|agree|we will|we'll|let'?s|settled|go with|going with|chose|plan to)", re.IGNORECASE)
ASKS_DECISION = re.compile(r"\bdecide|\bdecision|\bagree", re.IGNORECASE)


def answer(body: dict[str, Any]) -> Reply | Fault:
    """Return the answer to a request's body, or the fault that its newest message asks for."""
    messages = [(str(message.get("role")), _text(message.get("content"))) for message in body.get("messages", [])]
    question = _question(messages)
    word, _, rest = question.lower().strip(" .!?").partition(" ")
    if word == "fail":
        return FAULTS.get(rest.strip(), Reply(f"I know no fault `{rest.strip()}`.\n\n{_help(messages)}"))
    if word in SHOWS:
        return Reply(SHOWS[word](messages))
    if results := results_in(body.get("messages", [])):
        return Reply(_looked_up(results))
    if calls := calls_for(question, body):
        return Reply(calls=calls)
    return Reply(_said(question, messages, pictures(body.get("messages", []))))


def _said(question: str, messages: Messages, seen: Sequence[Picture]) -> str:
    """Return what it says by itself: what was found, what was decided, or what reached it."""
    if excerpt := found_for(question, messages):
        return f"{NOTE}\n\nThis was found for your question:\n\n{excerpt}"
    return _decided(messages) if ASKS_DECISION.search(question) else _reached(messages, seen)


def _text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "(a picture)")) for part in content if isinstance(part, dict))
    return str(content or "")


def _question(messages: Messages) -> str:
    newest = next((text for role, text in reversed(messages) if role == "user"), "")
    bare = HEARD.sub("", _unnamed(newest))
    return re.sub(r"^\s*(?:<@\w+(?:\|[^>]*)?>|@\w+)[\s,:]*", "", bare).strip()


def _unnamed(text: str) -> str:
    return SPOKEN.sub("", text, count=1)


def _speakers(messages: Messages) -> list[str]:
    found = (spoken["name"] for role, text in messages if role == "user" for spoken in SPOKEN.finditer(text))
    return list(dict.fromkeys(found))


def _quote(text: str, limit: int = 300) -> str:
    shown = text if len(text) <= limit else text[:limit].rstrip() + " …"
    return "\n".join(f"> {line}" for line in shown.splitlines() or [""])


def _reached(messages: Messages, seen: Sequence[Picture]) -> str:
    roles = [role for role, _ in messages]
    names = ", ".join(f"**{name}**" for name in _speakers(messages)) or "nobody by name"
    system = sum(len(text) for role, text in messages if role == "system")
    return (
        f"{NOTE}\n\nYou asked:\n{_quote(_question(messages))}\n\n"
        f"- **Messages:** {len(messages)} reached me: {roles.count('user')} from people, "
        f"{roles.count('assistant')} from me\n"
        f"- **Who spoke:** {names}\n"
        f"- **Pictures:** {', '.join(f'{one.format}, {one.width} by {one.height}' for one in seen) or 'none'}\n"
        f"{_spoken(messages)}"
        f"- **Instructions:** {f'{system} characters' if system else 'none'}\n\n"
        "Write `show` to see what I can show you."
    )


def _spoken(messages: Messages) -> str:
    newest = next((text for role, text in reversed(messages) if role == "user"), "")
    return (
        "- **Heard by** a small recogniser in this sandbox, which mishears\n" if HEARD.search(_unnamed(newest)) else ""
    )


def _decided(messages: Messages) -> str:
    asked = next((index for index, (role, _) in reversed(list(enumerate(messages))) if role == "user"), 0)
    earlier = [line for role, text in messages[:asked] if role == "user" for line in text.splitlines() if line.strip()]
    found = [line for line in earlier if DECIDED.search(line) and not line.rstrip().endswith("?")]
    if not earlier:
        return f"{NOTE}\n\nNothing was said before your question, so I have no decision to quote."
    head = "What sounds like a decision" if found else "Nothing sounds like a decision; this is what was said last"
    quoted = "\n".join(_quote(line) for line in (found or earlier)[-5:])
    return f"{NOTE}\n\n{head}:\n\n{quoted}"


def _looked_up(results: Sequence[str]) -> str:
    quoted = "\n\n".join(_quote(each, 600) for each in results)
    return f"{NOTE}\n\nI looked it up, and was told:\n\n{quoted}"


def _help(_: Messages) -> str:
    faults = ", ".join(f"`{name}`" for name in FAULTS)
    return (
        f"{NOTE}\n\nBegin a message with one of these:\n\n"
        "- `long`: an answer of many paragraphs, longer than one message\n"
        "- `table`: a table\n"
        "- `code`: a fenced block of code\n"
        "- `list`: a nested list\n"
        "- `prompt`: every message that reached me\n"
        "- `ping`: names that must not ring anybody\n"
        "- `what did we decide?`: earlier messages, quoted\n"
        "- `what is 17*23?`, `what time is it?`, `read` and a link, `search for` and words: a tool that it calls\n"
        "- `what are our tasks?`, `add a task` and what, `close task 1`: a tool of a server, as yours may have them\n"
        "- `flag`, and `me` behind it: what moderation refuses; `forbidden`: an answer that it refuses in the middle\n"
        f"- `fail` and a fault: {faults}"
    )


def _long(_: Messages) -> str:
    sentence = "This sentence is here to make the answer long enough to need more than one message."
    sections = (
        f"## Part {part}\n\n{' '.join([sentence] * 6)}\n\n```python\nfor step in range({part}):\n    print(step)\n```"
        for part in range(1, 25)
    )
    return f"{NOTE}\n\n" + "\n\n".join(sections)


def _table(_: Messages) -> str:
    rows = "\n".join(
        f"| {name} | {size} | {note} |"
        for name, size, note in (
            ("Mercury", "4,879 km", "no moon"),
            ("Venus", "12,104 km", "no moon"),
            ("Earth", "12,756 km", "one moon"),
        )
    )
    return f"{NOTE}\n\n| Planet | Diameter | Moons |\n|---|---|---|\n{rows}"


def _code(_: Messages) -> str:
    return (
        f"{NOTE}\n\n```python\ndef greet(name: str) -> str:\n"
        '    """Return a greeting."""\n    return f"Hello, {name}!"\n```\n\nCall it as `greet("Ada")`.'
    )


def _list(_: Messages) -> str:
    return f"{NOTE}\n\n1. First\n   - with a detail\n   - and another\n2. Second\n3. **Third**, which matters"


def _prompt(messages: Messages) -> str:
    return f"{NOTE}\n\n" + "\n\n".join(f"**{role}**\n{_quote(text, 600)}" for role, text in messages)


def _ping(_: Messages) -> str:
    return f"{NOTE}\n\nNone of these may ring: <!channel>, <!here>, <!everyone>, <!subteam^S0CONFAB1>, <@U0ADA1234>."


def _forbidden(_: Messages) -> str:
    before = " ".join(f"Sentence {number} is harmless." for number in range(1, 31))
    return f"{NOTE}\n\n{before} And then: flag me violence. Nobody should read this far."


SHOWS: Mapping[str, Callable[[Messages], str]] = {
    "help": _help,  # where it is no command of the bot's own
    "show": _help,
    "long": _long,
    "table": _table,
    "code": _code,
    "list": _list,
    "prompt": _prompt,
    "ping": _ping,
    "forbidden": _forbidden,
}
