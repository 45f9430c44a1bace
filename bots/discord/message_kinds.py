"""What kind of message one is: whether somebody says something with it, and whether they may mean the bot. Pure."""

import discord

COMMANDED = {discord.MessageType.chat_input_command, discord.MessageType.context_menu_command}  # apps' answers
ENDED_POLL = discord.MessageType.poll_result  # by who made the poll, who says nothing with it to anybody
SPOKEN = {  # all others are Discord's own words
    discord.MessageType.default,
    discord.MessageType.reply,
    ENDED_POLL,
    *COMMANDED,
}


def is_spoken(message: discord.Message, me: int) -> bool:
    """Whether somebody says something here that can be read: a person, or an app, which is never for the bot.

    Without the message-content intent what does not mention the bot arrives empty (Discord docs, Message Content).
    """
    says_something = (
        message.content
        or message.attachments
        or message.message_snapshots
        or message.stickers
        or message.poll
        or message.activity
    )
    by_an_app = not may_ask(message) and (message.embeds or message.components)
    return message.type in SPOKEN and message.author.id != me and bool(says_something or by_an_app)


def is_late_answer(message: discord.Message) -> bool:
    """Whether this is what an app answers a command with after it was `thinking`, which comes as a first change."""
    return message.type in COMMANDED and not message.edited_at


def may_ask(message: discord.Message) -> bool:
    """Whether a message may be for the bot: an app's never is."""
    return not is_app(message) and message.type is not ENDED_POLL


def is_app(message: discord.Message) -> bool:
    """Whether an app or a webhook wrote a message."""
    return message.author.bot or bool(message.webhook_id)


def is_hidden_note(message: discord.Message, me: int) -> bool:
    """Whether a person sent a voice note here that arrived without its sound, as without the message-content intent."""
    by_a_person = not is_app(message) and message.author.id != me
    return message.type in SPOKEN and by_a_person and message.flags.voice and not message.attachments
