"""What Discord refuses, and the sentence for whoever can mend it."""

from core.errors import PlatformError, StartRefused

BLOCKED = {200000, 240000}  # AutoMod or the filter for links took offence at our text
GONE = {10008}  # somebody took the message away: it is not put back
NO_THREAD = {10008, 50001, 50013, 50021, 50024, 50035}  # the right, the message or the kind of channel is missing
HAS_THREAD = 160004
ARCHIVED = 50083
TOKEN_SPENT = {10008, 10015, 10062, 50027}  # an interaction's token holds for 15 minutes


class DiscordRefusal(PlatformError):
    """A call that Discord refused, with its JSON error code, or one that it never answered (`is_silence`)."""

    notice = PlatformError.notice
    hint = "Discord refused a part of the answer: its code is in this line, and what to do about it in the README."

    def __init__(self, call: str, code: int, status: int = 0) -> None:
        super().__init__(f"{call}: {code}" if code else f"{call}: status {status}" if status else f"{call}: no answer")
        self.code = code
        self.is_silence = not code and (status >= 500 or not status)


class WrongToken(StartRefused):
    """Discord does not know the token."""

    status = 77  # sysexits.h, EX_NOPERM

    def __init__(self) -> None:
        super().__init__(
            "Discord does not accept DISCORD_TOKEN: discord.com/developers/applications -> your application -> Bot -> "
            "Reset Token, and copy the new one."
        )


class IntentNotEnabled(StartRefused):
    """The message-content intent was asked for, and its switch is off."""

    status = 76  # sysexits.h, EX_PROTOCOL

    def __init__(self) -> None:
        super().__init__(
            "Discord does not let Confab read what does not mention it: discord.com/developers/applications -> your "
            "application -> Bot -> Message Content Intent, or set CONFAB_DISCORD_MESSAGE_CONTENT=off."
        )
