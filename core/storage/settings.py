"""Where everything is kept, as an operator sets it."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from core.setting_fields import Section, setting_field


class StorageSettings(Section):
    """The database."""

    title: ClassVar[str] = "The database"

    database: str = setting_field(
        "CONFAB_DATABASE", "The one file that holds everything: a path or sqlite:/// URL", "confab.db"
    )

    @property
    def path(self) -> Path:
        """Where the database's file is."""
        return Path(self.database.removeprefix("sqlite:///")).expanduser()

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return the faults; an address of another kind of database is one."""
        url = given.get("CONFAB_DATABASE", "")
        is_other = "://" in url and not url.startswith("sqlite:///")
        return (
            ["CONFAB_DATABASE is a path or sqlite:///path; other databases are not supported yet."] if is_other else []
        )
