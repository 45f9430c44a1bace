"""What was heard, as the model is told it and as people see it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import VoiceError
from core.messages import Attachment, Message
from core.sanitize import indent_speakers, sanitize_name, sanitize_text

QUOTED = 200  # characters of what was heard that people see again
MOST_QUOTES = 4


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one recording: its words, or the error that says why there are none."""

    file: Attachment
    text: str = ""
    error: VoiceError | None = None


def told(heard: Sequence[Heard]) -> Mapping[str, str]:
    """Return what the model reads in each recording's place, by the file's id: its words, marked as transcribed."""
    return {each.file.id: _told(each) for each in heard}


def quotes(heard: Sequence[Heard]) -> str:
    """Return the beginning of each recording as people see it above the answer, empty where none was understood."""
    lines = [f"> \N{MICROPHONE} {_brief(each.text)}" for each in heard if each.text][:MOST_QUOTES]
    return "\n".join(lines) + "\n\n" if lines else ""


def missed(heard: Sequence[Heard]) -> str:
    """Return what people read below the answer where some recordings were not understood, each reason once."""
    notices = dict.fromkeys(each.error.notice for each in heard if each.error)
    return "\n".join(f"_{notice}_" for notice in notices)


def unanswerable(message: Message, heard: Sequence[Heard]) -> VoiceError | None:
    """Return why there is nothing to answer: a message that is nothing but recordings, none of them understood."""
    is_all = not message.text.strip() and len(heard) == len(message.attachments)
    errors = [each.error for each in heard if each.error]
    return errors[0] if is_all and errors and len(errors) == len(heard) else None


def _told(heard: Heard) -> str:
    label = "voice note" if heard.file.is_voice_note else f"recording {sanitize_name(heard.file.name)}"
    if heard.error:
        return f"[{label}: it could not be understood]"
    return indent_speakers(f"[{label}, transcribed by a machine]\n{sanitize_text(heard.text)}")


def _brief(text: str) -> str:
    line = " ".join(sanitize_text(text).split())
    if len(line) <= QUOTED:
        return line
    return f"{line[:QUOTED].rsplit(' ', 1)[0]} …"
