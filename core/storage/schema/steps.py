"""The schema, as numbered steps that are only ever added to. A feature adds a module with its script."""

from dataclasses import dataclass
from importlib import import_module

from core.storage.connection import Connection, in_our_errors
from core.storage.schema import (
    chat,
    consent,
    first,
    knowledge,
    personas,
    privacy,
    quotations,
    schedules,
    spending,
    tool_sources,
)


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One step: the name by which a file knows it, and its statements, each of which ends with a line."""

    name: str
    script: str


SET, NOTED_IN = "confab", "_sqlite_migrations"  # the name of our steps, and where sqlite-utils notes those of a file
STEPS = (
    SchemaStep("m001_beginning", first.BEGINNING),
    SchemaStep("m002_posted_parts", first.POSTED_PARTS),
    SchemaStep("m003_memories", first.MEMORIES),
    SchemaStep("m004_quotations", first.QUOTATIONS),
    SchemaStep("m005_kept_answers", first.KEPT_ANSWERS),
    SchemaStep("m006_transcripts", first.TRANSCRIPTS),
    SchemaStep("m007_images", first.IMAGES),
    SchemaStep("m008_moderation", first.MODERATION),
    SchemaStep("m009_commands", first.COMMANDS),
    SchemaStep("m010_said_since", first.SAID_SINCE),
    SchemaStep("m011_shared", first.SHARED),
    SchemaStep("m012_preferences", first.PREFERENCES),
    SchemaStep("m013_tool_calls", first.TOOL_CALLS),
    SchemaStep("m014_quoted", first.QUOTED),
    SchemaStep("m015_left_behind", first.LEFT_BEHIND),
    SchemaStep("m016_spending", spending.SPENDING),
    SchemaStep("m017_privacy", privacy.PRIVACY),
    SchemaStep("m018_knowledge", knowledge.KNOWLEDGE),
    SchemaStep("m019_personas", personas.PERSONAS),
    SchemaStep("m020_consent", consent.CONSENT),
    SchemaStep("m021_tool_sources", tool_sources.TOOL_SOURCES),
    SchemaStep("m022_chat", chat.CHAT),
    SchemaStep("m023_schedules", schedules.SCHEDULES),
    SchemaStep("m024_quoted_elsewhere", quotations.QUOTED_ELSEWHERE),
    SchemaStep("m025_quoted_people", quotations.QUOTED_PEOPLE),
)


def migrate(connection: Connection) -> None:
    """Bring a file to the newest schema, wholly or not at all; raises StorageUnavailable or StatementRefused.

    What does so loads sqlite-utils, and with it NumPy where that is installed: a file that is new enough needs neither.
    """
    if {step.name for step in STEPS} - set(_applied_steps(connection)):
        apply = import_module("core.storage.schema.migrations").apply_steps
        in_our_errors(lambda: apply(connection.file, STEPS))


def find_unknown_steps(connection: Connection) -> list[str]:
    """Return the steps that a file has and this version does not know, in their order: a newer version made them."""
    known = {step.name for step in STEPS}
    return [name for name in _applied_steps(connection) if name not in known]


def _applied_steps(connection: Connection) -> list[str]:
    """Return the steps that sqlite-utils has noted in a file, in their order."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (NOTED_IN,)):
        return []
    query = f"SELECT name FROM {NOTED_IN} WHERE migration_set = ? ORDER BY rowid"
    return [str(name) for (name,) in connection.execute(query, (SET,))]
