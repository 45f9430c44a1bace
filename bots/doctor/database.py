"""Whether the database is whole, has room, and was copied lately."""

import asyncio
import os
import shutil
import time
from pathlib import Path

from bots.doctor.check import Check
from bots.settings import Settings
from core.errors import SettingsError
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.inspection import DatabaseReport, inspect_database
from core.storage.timeline import running_process

LITTLE, TOO_LITTLE = 1_000_000_000, 50_000_000  # bytes of room
LONG_LOG = 512_000_000  # bytes of what was written and is not in the file itself yet
WEEK = 7 * 86_400.0  # seconds
BACKUP = "Run `python -m bots backup FILE` every night; it may run beside Confab."
ROOM = "Make room on that disk, or move the file: CONFAB_DATABASE."
MENDS = {
    "damaged": "Stop Confab and put back a copy: python -m bots restore FILE. SQLite's .recover saves what it can.",
    "locked": "End the other program that holds the file; only Confab is to have it open for writing.",
    "not writable": "Let the user that runs Confab read and write the file and its folder, or set CONFAB_DATABASE.",
    "full": ROOM,
}
USUAL_MEND = "Look at the file of CONFAB_DATABASE, or set it to another."


async def check_database(settings: Settings) -> list[Check]:
    """Return how the file stands, and its disk."""
    path = settings.storage.path.absolute()
    if not path.exists():
        return [check_room(path), _check_folder(path)]
    try:
        report = await asyncio.to_thread(lambda: inspect_database(path, settings.storage.read_key()))
    except SettingsError as error:
        return [check_room(path), Check("database.key", "fail", str(error), "Set the key that the file has.")]
    except StorageUnavailable as error:
        told = f"The database cannot be read ({error.trouble})."
        return [check_room(path), Check("database.file", "fail", told, MENDS.get(error.trouble, USUAL_MEND))]
    except StatementRefused:
        return [
            check_room(path),
            Check("database.file", "fail", "The database does not answer as one of ours.", USUAL_MEND),
        ]
    return [check_room(path), _check_file(path, report), _check_log(report), _check_backup(report)]


def check_room(path: Path, free: int | None = None) -> Check:
    """Return whether the disk has room, `free` bytes of it where that is known already."""
    place = next(each for each in path.parents if each.exists())
    free = shutil.disk_usage(place).free if free is None else free
    told = f"The database's disk has {free / 1e9:.1f} GB of room."
    if free > LITTLE:
        return Check("database.room", "ok", told)
    return Check("database.room", "fail" if free < TOO_LITTLE else "warn", told, ROOM)


def _check_folder(path: Path) -> Check:
    place = next(each for each in path.parents if each.exists())
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Check("database.file", "ok", "The database is made at the first start.")
    return Check("database.file", "fail", f"No file can be made in {place}.", MENDS["not writable"])


def _check_file(path: Path, report: DatabaseReport) -> Check:
    if report.fault:
        return Check("database.file", "fail", f"The database is damaged ({report.fault}).", MENDS["damaged"])
    if not os.access(path, os.W_OK):
        return Check("database.file", "fail", "The database may not be written to.", MENDS["not writable"])
    runs = " Confab runs on it." if running_process(path) is not None else ""
    return Check("database.file", "ok", f"The database is whole.{runs}")


def _check_log(report: DatabaseReport) -> Check:
    if report.journal_mode != "wal":
        told = f"The database is in the mode {report.journal_mode}, and readers would hold up writers."
        return Check(
            "database.wal", "warn", told, "Start Confab once: it sets the mode wal. Not on a network file system."
        )
    if report.log_bytes > LONG_LOG:
        told = f"What was written lately takes {report.log_bytes / 1e9:.1f} GB beside the file."
        return Check("database.wal", "warn", told, "End what reads the database for long, then restart Confab.")
    return Check("database.wal", "ok", "The database is in the mode wal.")


def _check_backup(report: DatabaseReport) -> Check:
    now = time.time()
    if report.backed_up_at and now - report.backed_up_at < WEEK:
        return Check("database.backup", "ok", f"The last copy is {_days(now - report.backed_up_at)} old.")
    if report.backed_up_at:
        return Check("database.backup", "warn", f"The last copy is {_days(now - report.backed_up_at)} old.", BACKUP)
    if report.begun_at and now - report.begun_at > WEEK:
        return Check("database.backup", "warn", "The database was never copied.", BACKUP)
    return Check("database.backup", "ok", "There is little to copy yet.")


def _days(seconds: float) -> str:
    days = round(seconds / 86_400)
    return "a day" if days == 1 else f"{days} days"
