"""Names and ids of a forgotten person, taken out of what others wrote: statements on a connection."""

from collections.abc import Iterable, Sequence

from core.storage.connection import Connection
from core.storage.named_values import NamedValues, run_named

BLOT = "(somebody)"  # what stands in a name's place
SHORTEST = 2  # characters of a name that is looked for: a single letter is nobody's name alone


def blot_columns(
    connection: Connection, table: str, columns: Sequence[str], where: str, values: NamedValues, names: Iterable[str]
) -> None:
    """Take names out of columns of text, in those rows of a table that a condition on `values` holds for."""
    for column in columns:
        for name in names:
            like = {**values, "like": f"%{_as_pattern(name)}%"}
            query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE @like ESCAPE '!' AND {where}"
            for (text,) in run_named(connection, query, like):
                blotted = {**values, "was": text, "now": blot_name(str(text), name)}
                if blotted["now"] != text:
                    change = f"UPDATE {table} SET {column} = @now WHERE {column} = @was AND {where}"
                    run_named(connection, change, blotted)


def blot_name(text: str, name: str) -> str:
    """Return a text with a word in place of a name, wherever that stands by itself, as a whole."""
    kept, place = [], 0
    while name and (found := text.find(name, place)) >= 0:
        end = found + len(name)
        is_whole = not (_is_letter(text[found - 1 : found]) or _is_letter(text[end : end + 1]))
        kept.append(text[place:found] + (BLOT if is_whole else name))
        place = end
    return "".join([*kept, text[place:]])


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def _as_pattern(name: str) -> str:
    return "".join(f"!{letter}" if letter in "!%_" else letter for letter in name)
