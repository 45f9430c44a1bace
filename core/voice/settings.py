"""What an operator can set about recordings."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from core.setting_fields import Section, setting_field


class VoiceSettings(Section):
    """Which recordings are listened to, and for how long their transcripts are kept.

    `longest_part` is the longest that is uploaded in one piece, in seconds.
    """

    title: ClassVar[str] = "Voice notes: the recordings"

    minutes: Annotated[float, Field(gt=0, le=600)] = setting_field(
        "CONFAB_VOICE_MINUTES", "The longest recording that is listened to", 90.0
    )
    megabytes: PositiveInt = setting_field("CONFAB_VOICE_MEGABYTES", "The largest recording that is fetched", 200)
    transcript_days: Annotated[float, Field(gt=0, le=3650)] = setting_field(
        "CONFAB_TRANSCRIPT_DAYS", "For how long a transcript is kept, so that it is not paid again", 30.0
    )
    longest_part: float = 600.0

    @property
    def longest_seconds(self) -> float:
        """The longest recording that is listened to, in seconds."""
        return self.minutes * 60

    @property
    def largest_bytes(self) -> int:
        """The largest recording that is fetched, in bytes."""
        return self.megabytes * 1024 * 1024
