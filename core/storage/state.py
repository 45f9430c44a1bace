"""What a platform remembers from one start to the next, by a name of its own: statements on a connection."""

from core.storage.connection import Connection


def select_state(connection: Connection, name: str) -> str:
    """Return what was last written under `name`, empty where nothing was."""
    rows = connection.execute("SELECT value FROM marks WHERE name = ?", (name,))
    return str(rows[0][0]) if rows else ""


def upsert_state(connection: Connection, name: str, value: str) -> None:
    """Remember `value` under `name`."""
    connection.execute(
        "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def upsert_larger_state(connection: Connection, name: str, number: int) -> None:
    """Remember a number under `name`, unless one as large stands there: it only grows, whoever writes it."""
    connection.execute(
        "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value "
        "WHERE CAST(marks.value AS BIGINT) < CAST(excluded.value AS BIGINT)",
        (name, str(number)),
    )
