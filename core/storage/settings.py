"""Where everything is kept, as an operator sets it."""

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from core.errors import SettingsError
from core.setting_fields import Section, setting_field

KEYS = ("CONFAB_DATABASE_KEY", "CONFAB_DATABASE_KEY_FILE", "CONFAB_DATABASE_KEY_COMMAND")
WHERE = "CONFAB_DATABASE_KEY_FILE or CONFAB_DATABASE_KEY_COMMAND"
LONGEST_KEY = 4_096  # characters
PATIENCE = 30.0  # seconds for the command


class StorageSettings(Section):
    """The database."""

    title: ClassVar[str] = "The database"

    database: str = setting_field(
        "CONFAB_DATABASE", "The one file that holds everything: a path or sqlite:/// URL", "confab.db"
    )

    key: str = setting_field("CONFAB_DATABASE_KEY", "Encrypts that file, by SQLCipher: the key", "", secret=True)
    key_file: str = setting_field("CONFAB_DATABASE_KEY_FILE", "The same, in a file", "")
    key_command: str = setting_field("CONFAB_DATABASE_KEY_COMMAND", "The same, as what a command prints", "")

    @property
    def path(self) -> Path:
        """Where the database's file is."""
        return Path(self.database.removeprefix("sqlite:///")).expanduser()

    def read_key(self) -> str:
        """Return the key that the database is encrypted with, empty for none; raise SettingsError where it is not had.

        It comes from one of three places: the setting, the first line of a file, or that of what a command prints.
        """
        try:
            told = self.key
            if self.key_file:
                with Path(self.key_file).expanduser().open(encoding="utf-8") as file:
                    told = file.read(LONGEST_KEY)
            if self.key_command:
                told = run_key_command(self.key_command)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            fault = f"The key of CONFAB_DATABASE cannot be had ({type(error).__name__}): see {WHERE}."
            raise SettingsError([fault]) from None
        key = told.strip().partition("\n")[0].strip()
        if not key and (self.key_file or self.key_command):
            raise SettingsError([f"The key of CONFAB_DATABASE is empty: see {WHERE}."])
        return key

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return the faults; an address of another kind of database is one."""
        url = given.get("CONFAB_DATABASE", "")
        faults = []
        if "://" in url and not url.startswith("sqlite:///"):
            faults.append("CONFAB_DATABASE is a path or sqlite:///path; other databases are not supported yet.")
        if len([name for name in KEYS if name in given]) > 1:
            faults.append(f"{', '.join(KEYS)}: only one of them says the key.")
        return faults


def run_key_command(command: str) -> str:
    """Return what a command prints, split as a shell would, without one; raises OSError or SubprocessError."""
    done = subprocess.run(shlex.split(command), capture_output=True, check=True, timeout=PATIENCE, text=True)  # noqa: S603 - the operator's own
    return done.stdout[:LONGEST_KEY]
