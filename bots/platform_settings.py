"""What an operator can set of every platform, and what a platform's section says of itself."""

from collections.abc import Mapping
from typing import ClassVar

from core.setting_fields import CommaList, Seconds, Section, setting_field


class PlatformSettings(Section):
    """What holds on each platform alike; `edit_interval` is in seconds."""

    tokens: ClassVar[tuple[str, ...]]  # the names of those settings any of which says that it is wanted
    first: ClassVar[tuple[str, ...]]  # the names of those that an operator meets first
    aliases: ClassVar[Mapping[str, str]] = {}  # what other programs call a setting of it
    channel: ClassVar[tuple[str, str]]  # the pattern of a channel's id, and one as an example

    edit_interval: Seconds = setting_field(
        "CONFAB_EDIT_INTERVAL", "Seconds between two edits of one answer, at the least", 1.5
    )
    file_hosts: CommaList = setting_field(
        "CONFAB_FILE_HOSTS", "Further hosts or base URLs that files may come from", ()
    )

    @classmethod
    def is_wanted(cls, given: Mapping[str, str]) -> bool:
        """Whether the environment gives one of its tokens."""
        return any(given.get(name) for name in cls.tokens)

    @classmethod
    def find_missing(cls, given: Mapping[str, str]) -> list[str]:
        """Return a sentence for each token that is missing, with where to get it."""
        raise NotImplementedError
