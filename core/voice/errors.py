"""Why a recording was not understood: by the platform's word, by its bytes, by its sound, or by the transcriber's."""

from core.errors import FILE_HINT, VoiceError


class NoteTooLong(VoiceError):
    """It lasts longer, or has more bytes, than is listened to: by the platform's word, or by what came."""

    notice = "That recording is longer than I may listen to; please send a shorter one."
    hint = "A recording exceeds CONFAB_VOICE_MINUTES or CONFAB_VOICE_MEGABYTES: raise it if such ones are to be heard."


class TooManyRecordings(VoiceError):
    """It stands behind as many others in one message as are listened to."""

    notice = "I listened to the first ten recordings only; please send the others in another message."
    hint = "A message holds more than ten recordings; CONFAB_VOICE_MINUTES sets how long each may be, not how many."


class NoteNotFetched(VoiceError):
    """Its address leads nowhere, or to a page."""

    notice = "I could not fetch that recording; please send it again."
    hint = FILE_HINT


class NoteUnplayable(VoiceError):
    """Its bytes are no sound."""

    notice = "I find no sound in that file that I can play; please record it again."
    hint = "PyAV reads no sound from it: damaged, no recording, or what a host of CONFAB_FILE_HOSTS sent instead."


class NoteIncomplete(VoiceError):
    """Its bytes end before the sound does."""

    notice = "That recording arrived incomplete; please send it again."
    hint = "It is shorter than its head or the platform says: a host of CONFAB_FILE_HOSTS, or the upload, broke off."


class NoteSilent(VoiceError):
    """Nothing in it is loud enough to be heard."""

    notice = "That recording is silent; please look at your microphone and record it again."
    hint = "No sample of it is louder than -60 dB, so CONFAB_TRANSCRIBE_MODEL was not asked."


class NoteWithoutSpeech(VoiceError):
    """There is a sound, and nobody speaks in it."""

    notice = "I hear sounds in that recording, but nobody who speaks; please come closer to your microphone."
    hint = "The voice detector found no speech from beginning to end, so CONFAB_TRANSCRIBE_MODEL was not asked."


class NoteTooShort(VoiceError):
    """The transcriber says so."""

    notice = "That recording is too short for me to make out words; please say it again, a little longer."
    hint = "CONFAB_TRANSCRIBE_MODEL has a shortest length that it listens to, and the log has its words."


class NoteBeyondTranscriber(VoiceError):
    """The transcriber says that it lasts too long."""

    notice = "That recording is longer than my transcriber listens to; please send it in shorter pieces."
    hint = "The transcriber has a longest clip: choose another CONFAB_TRANSCRIBE_MODEL, or lower CONFAB_VOICE_MINUTES."


class LanguageNotHeard(VoiceError):
    """The transcriber does not know the language."""

    notice = "My transcriber does not understand the language that I was told to listen for; an operator can change it."
    hint = "The transcriber refused the language: mend CONFAB_VOICE_LANGUAGE, or choose another model."


class NoteWithoutWords(VoiceError):
    """The transcriber heard no words, or made up what it says in silence."""

    notice = "I could not make out any words in that recording."
    hint = "The transcriber returned no words, or what it invents over noise: a hint in CONFAB_VOICE_LANGUAGE may help."


class TranscriberFailing(VoiceError):
    """No transcriber answered as it should."""

    notice = "I cannot listen to recordings just now; please write to me, or try again a little later."
    hint = "No transcriber answered: see the lines above, and add another one to CONFAB_TRANSCRIBERS."


class NoTranscriber(VoiceError):
    """There is none: the model's endpoint has no transcriptions, or no sound can be read here."""

    notice = "I am not set up to listen to recordings here; please write to me instead."
    hint = "Set CONFAB_TRANSCRIBE_BASE_URL and CONFAB_TRANSCRIBE_MODEL to an endpoint that has /audio/transcriptions."
