"""What a message shows, as text: its words, embeds, components, poll and stickers, and what it forwards. Pure.

It is the same wherever the message stands: as a question, replied to, earlier in a thread, or above it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import discord

# Discord docs, Message formatting
TOKEN = re.compile(r"<(?P<kind>@[!&]?|#|a?:\w+:)(?P<id>\d+)>")
TIME = re.compile(r"<t:(-?\d{1,12})(?::[a-zA-Z])?>")
COMMAND = re.compile(r"<(/[^<>:]{1,100}):\d{1,20}>")
LATEST = 32_503_680_000  # seconds since the epoch: the year 3000
PICTURE = "[picture]"  # one that is shown by its address alone, which nobody looks at
OPENING_MENTION = re.compile(r"\s*<@!?(\d+)>")
NO_NAMES: Mapping[str, str] = {}

DESCRIBED = (discord.MediaGalleryItem, discord.ThumbnailComponent)  # pictures
SAID_BY: Mapping[type, str] = {
    discord.TextDisplay: "content",
    discord.Button: "label",
    discord.SelectMenu: "placeholder",
}
Shown = discord.Message | discord.MessageSnapshot


def shown_text(message: discord.Message, me: int) -> str:
    """Return all that a message shows, and what was forwarded with it, with names in place of ids."""
    own = _text_of_shown(message, me, names_in(message))
    return "\n\n".join(part for part in (own, *forwarded_texts(message, me)) if part)


def forwarded_texts(message: discord.Message, me: int) -> Iterator[str]:
    """Yield what each message that was forwarded with this one shows, quoted."""
    for snapshot in message.message_snapshots:
        if text := _text_of_shown(snapshot, me, NO_NAMES):
            yield f"Forwarded:\n{quote_lines(text)}"


def embed_texts(embeds: Iterable[discord.Embed]) -> Iterator[str]:
    """Yield what each embed shows, line by line: who it names, title, description, fields and footer."""
    for embed in embeds:
        fields = (f"{_words(field.name)}: {_words(field.value)}" for field in embed.fields)
        picture = PICTURE if embed.image.url else ""
        lines = (embed.author.name, embed.title, embed.description, *fields, picture, embed.footer.text)
        if text := "\n".join(_words(line) for line in lines if line):
            yield text


def quote_lines(text: str) -> str:
    """Return a text with each of its lines quoted."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def names_in(message: discord.Message) -> dict[str, str]:
    """Return the names of those whom a message mentions, by token without brackets: `@1`, `@&2` and `#3`."""
    names = {f"@{user.id}": f"@{user.display_name}" for user in message.mentions}
    names |= {f"@&{role.id}": f"@{role.name}" for role in message.role_mentions}
    return names | {f"#{channel.id}": f"#{channel.name}" for channel in message.channel_mentions}


def resolve_tokens(text: str, me: int, names: Mapping[str, str]) -> str:
    """Return a text without the bot's own mention, and with names in place of ids.

    `names` holds them by token, as `names_in` returns them; what is not named stays as it is.
    """
    own = rf"<@!?{me}>"
    addressed = re.sub(rf"^\s*(?:{own}[\s,:]*)+|[^\S\n]?{own}", "", text)
    named = TOKEN.sub(lambda token: _name_token(token, names), addressed)
    return COMMAND.sub(r"\1", TIME.sub(_iso_time, named)).strip()


def opens_with_other_mention(text: str, me: int) -> bool:
    """Whether a text opens by mentioning somebody else, and is thus for them."""
    match = OPENING_MENTION.match(text)
    return match is not None and int(match[1]) != me


def _text_of_shown(shown: Shown, me: int, names: Mapping[str, str]) -> str:
    poll, activity = getattr(shown, "poll", None), getattr(shown, "activity", None)  # a snapshot has neither
    parts = (
        _words(shown.content),
        *embed_texts(shown.embeds),
        *_component_texts(shown.components),
        *(_poll_lines(poll) if poll else ()),
        *(f"[sticker {_in_a_line(sticker.name)}]" for sticker in shown.stickers),
        _activity_text(shown) if activity else "",
    )
    resolved = (resolve_tokens(part, me, names) for part in parts)
    return "\n\n".join(part for part in resolved if part)


def _component_texts(components: Iterable[object]) -> Iterator[str]:
    """Yield the text of components, also of those within others, from top to bottom, and what is said of pictures."""
    for component in components:
        said = SAID_BY.get(type(component))
        if said:
            yield _words(getattr(component, said))
        shown = getattr(component, "items", None) or [component, getattr(component, "accessory", None)]
        yield from (_words(each.description) for each in shown if isinstance(each, DESCRIBED) and each.description)
        yield from _component_texts(getattr(component, "children", ()))


def _poll_lines(poll: discord.Poll) -> Iterator[str]:
    votes = {answer.id: f" ({answer.vote_count} votes)" if answer.vote_count else "" for answer in poll.answers}
    answers = (f"- {_in_a_line(answer.text)}{votes[answer.id]}" for answer in poll.answers)
    yield "\n".join((f"Poll: {_in_a_line(poll.question)}", *answers))


def _activity_text(shown: Shown) -> str:
    """Return what is told of an invitation to a game or a song that is heard together."""
    application = getattr(shown, "application", None)
    return f"[invitation to {_in_a_line(application.name)}]" if application else "[invitation]"


def _iso_time(token: re.Match[str]) -> str:
    """Return a moment as `2024-07-11 15:30 UTC`; one that no calendar has stays as it is."""
    seconds = int(token[1])
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC" if 0 <= seconds < LATEST else token[0]


def _name_token(token: re.Match[str], names: Mapping[str, str]) -> str:
    kind = token["kind"]
    if kind.endswith(":"):
        return kind.removeprefix("a")
    return names.get(kind.replace("!", "") + token["id"], token[0])


def _words(value: object) -> str:
    """Return a value as text, empty where it is none: nobody promises that all that Discord sends is text."""
    return "" if value is None else str(value)


def _in_a_line(value: object) -> str:
    return " ".join(_words(value).split())
