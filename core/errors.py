"""What can go wrong, as a tree.

BotError                 everything that a person is told of in the channel
    ModelError           the model's endpoint did not answer as it should
        WrongKey, NoQuota, RateLimited, UnknownModel, WrongPath, NotAChatModel, MissingParameter, RefusedRequest,
        ContextOverflow, AnswerLimitTooLarge, ContentFiltered, EndpointUnreachable, EndpointFailing, ModelSilent,
        StreamStalled, StreamCut, GarbledAnswer, EmptyAnswer, AnswerCutByLength; DailyLimit, BareEnd and AnswerTooLong,
        in core/llm/errors.py
    VoiceError           a recording was not understood, in core/voice/errors.py
    SpendingRefused      a ModelError: it would cost more than it may, in core/spending/errors.py
    ModerationError      what was asked or answered is not shown, in core/moderation/errors.py
    PlatformError        an answer could not be shown
        Uncertain        it may have been, and nobody can tell
    TooManyParts         an answer takes more messages than it may
    GaveUp               a turn failed for a reason that nobody foresaw, too often
SoundRefused             a transcriber wants a recording in another form
FileUnreadable           a file that came with a message could not be fetched; the model is told
SettingsError            the environment does not say what Confab needs; it ends the start
StartRefused             a platform does not let the bot in, and will not before somebody has changed something there

Each class holds two sentences: `notice` for the person in the channel, `hint` for the operator, which names the setting
to change. What else is known goes into the log as the error's text, under the reference that the person was given.
"""

from typing import ClassVar

FILE_HINT = "Files come from the platform itself, and from the hosts of CONFAB_FILE_HOSTS."


class BotError(Exception):
    """Something that ends a turn with a sentence instead of an answer."""

    notice: str
    hint: str
    is_private = False  # whether it concerns nobody but who asked

    def __init__(self, detail: str = "", hint: str = "") -> None:
        """`detail` is for the log; a `hint` of the platform's own takes the place of the class's."""
        super().__init__(detail)
        if hint:
            self.hint = hint


class ModelError(BotError):
    """The model's endpoint did not answer as it should."""


class WrongKey(ModelError):
    """401, or 403 that speaks of the key."""

    notice = "The model does not accept my key, so I cannot answer until an operator has mended it."
    hint = "The endpoint refused the key: set OPENAI_API_KEY to one that is valid for OPENAI_BASE_URL."


class NoQuota(ModelError):
    """429 or 402 that speaks of money."""

    notice = "My account with the model has run out of credit, so I cannot answer just now."
    hint = "The account behind OPENAI_API_KEY has no quota left: add credit, or set the key of another account."


class RateLimited(ModelError):
    """429 that speaks of speed, for longer than the retries last."""

    notice = "The model is taking too many questions at once; please ask me again in a minute."
    hint = "The endpoint kept answering 429: raise its rate limit, or CONFAB_RETRY_DEADLINE to wait longer for it."


class UnknownModel(ModelError):
    """404, or 400, that names the model."""

    notice = "The model that I was told to use does not exist there; an operator has to choose another."
    hint = "The endpoint does not know this model, or the key may not use it: set OPENAI_MODEL to one of its own."


class WrongPath(ModelError):
    """404 or 405 that names no model: the address is not an API's."""

    notice = "I find no model at the address that I was given; an operator has to correct it."
    hint = "Nothing answers at this path: OPENAI_BASE_URL as a rule ends in /v1, as in http://127.0.0.1:11434/v1."


class NotAChatModel(ModelError):
    """The model exists but takes completions only."""

    notice = "The model that I was given cannot hold a conversation; an operator has to choose one that can."
    hint = "This model serves completions only: set OPENAI_MODEL to one that serves /chat/completions."


class MissingParameter(ModelError):
    """400 that asks for a parameter which was not sent."""

    notice = "The model wants something that my settings leave out; an operator has to add it."
    hint = "The endpoint asks for a parameter that was not sent: add it to CONFAB_EXTRA_BODY as JSON."


class RefusedRequest(ModelError):
    """Any other refusal of the request itself."""

    notice = "The model refused my question in the form that I sent it; an operator finds the reason in the log."
    hint = "The endpoint refused the request: compare CONFAB_EXTRA_BODY and the parameters set with what it takes."


class ContextOverflow(ModelError):
    """The prompt is longer than the window; both in tokens by the endpoint's count, None where it does not say."""

    def __init__(self, detail: str = "", window: int | None = None, prompt: int | None = None) -> None:
        super().__init__(detail)
        self.window = window
        self.prompt = prompt

    notice = "This conversation has grown longer than the model can read; please start a new thread."
    hint = "The prompt exceeds the model's window: set CONFAB_CONTEXT_WINDOW to its size, or choose a larger model."


class AnswerLimitTooLarge(ModelError):
    """The longest answer that is asked for leaves no room for a prompt, or is more than the model can answer."""

    notice = "My limit for answers (CONFAB_MAX_TOKENS) leaves no room for your question; an operator has to lower it."
    hint = "CONFAB_MAX_TOKENS, or max_tokens in CONFAB_EXTRA_BODY, asks for more than the model's window: lower it."


class ContentFiltered(ModelError):
    """The endpoint's own filter stopped the question or the answer."""

    notice = "The model's own content filter stopped this; putting the question differently may help."
    hint = "The endpoint's content filter stopped it: its thresholds are set at the provider of OPENAI_BASE_URL."


class EndpointUnreachable(ModelError):
    """No connection: name, network, TLS or a closed port."""

    notice = "I cannot reach the model at the moment; please try again in a few minutes."
    hint = "No connection could be made: check that OPENAI_BASE_URL names a host and port that this machine reaches."


class EndpointFailing(ModelError):
    """5xx, for longer than the retries last."""

    notice = "The model's service is failing at the moment; please try again a little later."
    hint = "The endpoint kept answering 5xx: see its status page, or point OPENAI_BASE_URL at another."


class ModelSilent(ModelError):
    """A connection, but no first token in time."""

    notice = "The model did not begin to answer in time; please ask me again."
    hint = "No first token came in time: raise CONFAB_FIRST_TOKEN_TIMEOUT for a reasoning or a loading model."


class StreamStalled(ModelError):
    """Text came, then nothing for too long."""

    notice = "The model fell silent in the middle of this answer, so it ends here."
    hint = "The stream went silent in the middle: raise CONFAB_SILENCE_TIMEOUT if this model pauses that long."


class StreamCut(ModelError):
    """Text came, then the connection broke before the end, or the endpoint says that it broke off."""

    notice = "The model broke off in the middle of this answer, so it ends here."
    hint = "The stream ended early: look for a proxy between here and OPENAI_BASE_URL that closes long responses."


class GarbledAnswer(ModelError):
    """A good status with something that is not the API's format."""

    notice = "What came back from the model was not an answer that I can read."
    hint = "The endpoint sent no chat completion: OPENAI_BASE_URL may lead to a web page or a login instead of an API."


class EmptyAnswer(ModelError):
    """The stream ended properly, without a word."""

    notice = "The model had nothing to say to this; please put it another way."
    hint = "The answer was empty: a reasoning model may have spent all of CONFAB_MAX_TOKENS before its first word."


class AnswerCutByLength(ModelError):
    """The endpoint stopped at its limit of tokens; what was said stays."""

    notice = "My answer reached its length limit and stops here; ask me to go on for the rest."
    hint = "The answer reached the limit of tokens: raise CONFAB_MAX_TOKENS."


class VoiceError(BotError):
    """A voice note, or another recording that came with a message, was not understood."""


class PlatformError(BotError):
    """The platform refused to show an answer, or to take it; `is_silence` where it did not even answer."""

    notice = "I had an answer but could not post all of it here."
    hint = "The platform refused a part of the answer: its code is in this line."
    is_silence = False


class Uncertain(PlatformError):
    """A part may have been posted before a crash, and the platform does not let us look: it is not posted again."""

    notice = "I may have answered here before I was interrupted, and cannot see it; please ask again if nothing came."
    hint = "The channel could not be read for an answer that was under way: the bot may lack the right to read it."


class TooManyParts(BotError):
    """A reply takes more messages than it may; `shown` is how many characters of it stand in those that it took."""

    notice = "My answer takes more messages than it may, so it ends here; ask me to go on for the rest."
    hint = "An answer took more messages than its platform may: raise the setting in _PARTS if such ones are wanted."

    def __init__(self, shown: int) -> None:
        super().__init__(f"{shown} characters are shown")
        self.shown = shown


class GaveUp(BotError):
    """An error that nobody foresaw ended a turn as often as it may be tried."""

    notice = "Something went wrong on my side, and trying again did not help."
    hint = "An unexpected error ended all CONFAB_ATTEMPTS tries: the log holds its trace; please report it."


class FileUnreadable(Exception):
    """A file that came with a message could not be fetched, or is too large; its text says why."""

    def __init__(self, detail: str, hint: str = "", *, too_large: bool = False) -> None:
        super().__init__(detail)
        self.hint = hint or FILE_HINT
        self.too_large = too_large


class SoundRefused(Exception):
    """A transcriber does not take a file in the form that it has; its text is for the log.

    `reason` is `short`, `long` or `language` where it would take it in no other form either.
    """

    def __init__(self, detail: str, reason: str = "") -> None:
        super().__init__(detail)
        self.reason = reason


class SettingsError(Exception):
    """What the environment says cannot be run with; `faults` holds one line for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StartRefused(Exception):
    """A platform does not let the bot in; the text says what to change there, `status` is the process's exit status."""

    status: ClassVar[int]
