"""What a thread is called that is opened for a question. Pure."""

import re
import unicodedata

LONGEST = 50  # code points, so that a name of emoji alone still fits the 100 units that Discord takes
MARKUP = re.compile(r"[*_~`|#>\\\[\]]+")


def plain_name_of(message_id: str) -> str:
    """Return a name that tells nothing of the question."""
    return f"Confab {int(message_id) % 10_000:04}"


def name_from_question(text: str, message_id: str) -> str:
    """Return the first words of a question as a thread's name, without markup and what cannot be seen."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    visible = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in MARKUP.sub("", line))
    words = " ".join(visible.split())
    if len(words) > LONGEST:
        whole = words[:LONGEST].rpartition(" ")[0] or words[: LONGEST - 1]
        words = f"{whole}…"
    return words if any(char.isalnum() for char in words) else plain_name_of(message_id)
