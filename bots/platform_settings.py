"""What an operator can set of every platform, and what a platform's section says of itself."""

from collections.abc import Mapping
from typing import ClassVar

from core.setting_fields import CommaList, Seconds, Section, setting_field


class PlatformSettings(Section):
    """What holds on each platform alike; `edit_interval` is in seconds."""

    needs: ClassVar[Mapping[tuple[str, ...], str]]  # its tokens, each with what serves in its place, and where they are
    aliases: ClassVar[Mapping[str, str]] = {}  # what other programs call a setting of it
    channel: ClassVar[tuple[str, str]]  # the pattern of a channel's id, and one as an example

    edit_interval: Seconds = setting_field(
        "CONFAB_EDIT_INTERVAL", "Seconds between two edits of one answer, at the least", 1.5
    )
    file_hosts: CommaList = setting_field(
        "CONFAB_FILE_HOSTS", "Further hosts or base URLs that files may come from", ()
    )
    needs_roles: bool = False  # whether roles decide who is served, as CONFAB_ALLOW and CONFAB_DENY say

    @classmethod
    def is_wanted(cls, given: Mapping[str, str]) -> bool:
        """Whether the environment gives one of its tokens."""
        return any(given.get(name) for names in cls.needs for name in names)

    @classmethod
    def find_missing(cls, given: Mapping[str, str]) -> list[str]:
        """Return a sentence for each token that is missing, with where to get it."""
        return [
            f"{names[0]} is missing: {where}"
            for names, where in cls.needs.items()
            if not any(given.get(name) for name in names)
        ]
