"""What every new text passes before it is sent, shown or kept."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from core.messages import Author, ConversationKey, Earlier, Message
from core.moderation.access import AccessControl
from core.moderation.checkers import CheckerPool
from core.moderation.errors import CheckFailed, ModerationError, Paused, QuestionRefused, TooLongToCheck, Unchecked
from core.moderation.log import ModerationLog, Path, Subject
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import CLEAN, Sample, Verdict, strictest_of
from core.policy import Policies
from core.privacy.hiding import Hider
from core.quotes import Quoting, leave_out_quotations
from core.sanitize import sanitize_name, sanitize_text

MOST = 250_000  # characters that are checked at a time
NAMES = 5_000  # display names whose verdict is remembered
AGAIN = 0.5  # seconds between two looks at whether somebody can be asked again
NOBODY = "Someone"
EDIT = 2.0  # seconds for the check of an edit: Slack wants to hear within three that it has arrived
EDITED = "(edited; the new text could not be taken up)"


class Moderation:
    """Asks for verdicts, and sees to what follows from them."""

    def __init__(
        self,
        checks: CheckerPool,
        reports: ModerationLog,
        admission: AccessControl,
        settings: ModerationSettings,
        policies: Policies,
    ) -> None:
        self.settings = settings
        self._policies = policies
        self.words = checks.words
        self._checks = checks
        self._reports = reports
        self._admission = admission
        self._names: OrderedDict[str, bool] = OrderedDict()  # whether a name is refused

    @property
    def is_checking(self) -> bool:
        """Whether anything is checked; a guard may be there for its lists of people alone."""
        return self._checks.asks_remotely or bool(self.words)

    @property
    def checks_anything(self) -> bool:
        """Whether anything is checked in fact: who was to be found may have turned out not to be there."""
        return self._checks.checks_anything

    def is_strict(self, key: ConversationKey) -> bool:
        """Whether nothing is sent or shown in a conversation before all of it is checked."""
        return self._policies.policy_of(key).strict

    @property
    def checks_images(self) -> bool:
        """Whether pictures are checked as well."""
        return self._checks.checks_images

    def refusal_of(self, message: Message) -> ModerationError | None:
        """Return why a person or a place is not served, or None."""
        return self._admission.refusal_of(message)

    def silences(self, key: ConversationKey, author: Author) -> bool:
        """Whether nothing is read of what a person says where others ask: denied, paused, or by their own wish."""
        return self._admission.silences(key, author)

    def leaves_out(self, key: ConversationKey, author: Author) -> bool:
        """Whether a person does not want to be read where others ask."""
        return self._admission.leaves_out(key, author)

    def leave_out_unread(self, key: ConversationKey, said: Quoting) -> Quoting:
        """Return a message without what it quotes of people who are denied or paused."""
        unread = [each for each in said.quotations if self._admission.silences(key, each.author)]
        return leave_out_quotations(said, unread) if unread else said

    async def tells_refusal(self, refusal: ModerationError, message: Message, about: Subject) -> bool:
        """Return whether to say why a message is not answered: a pause is told once, and where an answer is awaited."""
        is_first = not isinstance(refusal, Paused) or await self._reports.note_pause_told(about)
        return is_first or message.is_awaited

    async def check_texts(
        self,
        path: Path,
        samples: Sequence[Sample],
        about: Subject,
        held: Callable[[], None] | None = None,
        own: Sequence[Verdict] | None = None,
    ) -> list[Verdict]:
        """Return the verdict on each text that comes by a path; refusals are recorded. This is the only way to one.

        `held` is called where the turn has to wait for somebody to be asked; without it, it does not wait. `own` is
        what the own list says, where it was asked already. Raises Unchecked, or TooLongToCheck.
        """
        if sum(len(sample.text) for sample in samples) > MOST:
            raise TooLongToCheck(f"{path}: more than {MOST} characters")
        policy = self._policies.policy_of(about.key)
        thresholds, hider = policy.thresholds, Hider(policy.hide, policy.hide_patterns)
        own = await self._checks.listed_verdicts(samples) if own is None else own
        sent = [replace(sample, text=hider.hide(sample.text)) for sample in samples] if hider else samples
        try:
            found = await self._checks.collect_verdicts(sent, thresholds, own)
        except CheckFailed as error:
            if self.settings.unreachable == "open":
                await self._reports.record_unchecked(path, about, "\n".join(sample.text for sample in samples))
                found = [replace(verdict, unchecked=True) for verdict in own]
            elif held:
                held()
                found = await self._check_later(sent, thresholds, own)
            else:
                raise Unchecked(str(error)) from None
        flagged = [sample.text for sample, verdict in zip(samples, found, strict=True) if verdict.is_flagged]
        if flagged:
            await self._reports.record_refusal(path, about, strictest_of(found).categories, "\n".join(flagged))
        return found

    async def require_clean(
        self, path: Path, samples: Sequence[Sample], about: Subject, held: Callable[[], None] | None = None
    ) -> None:
        """Return where nothing of the texts is refused; raise QuestionRefused, Unchecked or TooLongToCheck else."""
        verdict = strictest_of(await self.check_texts(path, samples, about, held)) if samples else CLEAN
        if verdict.is_flagged:
            raise QuestionRefused(f"{path}: {', '.join(verdict.categories)}")

    async def find_clean(self, path: Path, samples: Sequence[Sample], about: Subject) -> list[bool]:
        """Return of each text whether it may be kept; none of them where nobody can be asked just now."""
        try:
            return [not verdict.is_flagged for verdict in await self.check_texts(path, samples, about)]
        except (Unchecked, TooLongToCheck):
            return [False] * len(samples)

    async def filter_earlier(self, lines: Sequence[Earlier], about: Subject) -> list[Earlier]:
        """Return what others said, without what may not be kept, under names that may be; files with the line.

        What a person said who is denied or paused is left out, also where others quote it.
        """
        lines = [line for line in lines if line.is_own or not self._admission.silences(about.key, line.author)]
        lines = [self.leave_out_unread(about.key, line) for line in lines]
        new = list(dict.fromkeys(line.author.name for line in lines if not self.knows_name(line.author.name)))
        texts = [
            Sample(sanitize_text("\n".join((line.text, *(each.name for each in line.attachments))))) for line in lines
        ]
        may_stay = await self.find_clean("earlier", texts, about)
        for name, is_clean in zip(
            new, await self.find_clean("name", [Sample(name) for name in new], about), strict=True
        ):
            self.learn_name(name, refused=not is_clean)
        kept = [line for line, is_clean in zip(lines, may_stay, strict=True) if is_clean]
        return [replace(line, author=self.with_safe_name(line.author)) for line in kept]

    async def filter_edit(self, message: Message, about: Subject) -> str:
        """Return an edited text as later prompts may have it. Waits little: what comes next waits behind it."""
        if self.refusal_of(message):
            return EDITED
        message = self.leave_out_unread(message.key, message)
        try:
            async with asyncio.timeout(EDIT):
                await self.require_clean_words("edit", message, about)
        except (TimeoutError, ModerationError):
            return EDITED
        return sanitize_text(message.text)

    async def require_clean_words(
        self, path: Path, message: Message, about: Subject, held: Callable[[], None] | None = None
    ) -> None:
        """Return where a message's text may pass by a path, first what in it is not its author's; raise else."""
        others = [Sample(sanitize_text(text)) for text in message.others]
        await self.require_clean("others", others, about, held)
        await self.require_clean(path, [Sample(sanitize_text(message.text))], about, held)

    def with_safe_name(self, author: Author) -> Author:
        """Return a person by a name that may be sent: one that was refused before is left out."""
        return replace(author, name=NOBODY) if self._names.get(sanitize_name(author.name)) else author

    def knows_name(self, name: str) -> bool:
        """Whether there is a verdict on a display name."""
        return name == NOBODY or sanitize_name(name) in self._names

    def learn_name(self, name: str, *, refused: bool) -> None:
        """Remember the verdict on a display name."""
        self._names[sanitize_name(name)] = refused
        if len(self._names) > NAMES:
            self._names.popitem(last=False)

    async def _check_later(
        self, samples: Sequence[Sample], thresholds: Mapping[str, float], own: Sequence[Verdict]
    ) -> list[Verdict]:
        """Ask until somebody answers; raise Unchecked once that has taken too long."""
        until = asyncio.get_running_loop().time() + self.settings.hold
        while True:
            await asyncio.sleep(AGAIN)
            try:
                return await self._checks.collect_verdicts(samples, thresholds, own)
            except CheckFailed as error:
                if asyncio.get_running_loop().time() > until:
                    raise Unchecked(str(error)) from None
