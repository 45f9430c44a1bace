"""What people do while the bot dies: each scenario is one turn, or a few, on one platform."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.sandbox.wire.server import Sandbox
from tests.proofs.killing.places import DiscordPlace, Place, SlackPlace, Way
from tests.proofs.killing.speaker import LONG, SHORT

WHOLE = {"CONFAB_STREAMING": "false"}
CAPPED = {"CONFAB_CAPS": '[{"scope": "all", "period": "day", "tokens": 1000000}]'}
CHECKED = {"CONFAB_MODERATION": "endpoint"}
LEARNED = {"CONFAB_KNOWLEDGE": "all", "CONFAB_EMBEDDINGS_MODEL": "stand-in-embed", "CONFAB_CHANNEL_CONTEXT": "0"}


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """`questions` are asked one after the other; before `settled` of them, each is answered before the next is asked.

    The last `missed` of them are asked while no bot hears. `lengths` are those of the model's answers, in words, time
    after time; `settings` what the bot is told. Without `redelivers` Slack has used up its retries when the next bot
    comes. With `looks_up` the model calls tools before it answers, with `asks` one that changes something, which a
    person allows by a click, and with `reminds` one that reminds the asker a moment later. What is `shared` is a file
    and a line for others, which want no answer.
    """

    name: str
    platform: str
    questions: tuple[Way, ...] = ("mention",)
    settled: int = 0
    missed: int = 0
    lengths: tuple[int, ...] = (SHORT,)
    settings: Mapping[str, str] = field(default_factory=dict)
    redelivers: bool = True
    looks_up: bool = False
    asks: bool = False
    reminds: bool = False

    @property
    def streams(self) -> bool:
        """Whether the answer grows as the model writes."""
        return self.settings != WHOLE

    def place(self, sandbox: Sandbox) -> Place:
        """Return where it takes place."""
        if self.platform == "slack":
            return SlackPlace(sandbox, redelivers=self.redelivers)
        return DiscordPlace(sandbox, threads=self.settings.get("CONFAB_DISCORD_THREADS") != "false")


SCENARIOS = (
    Scenario("an answer at once", "slack", settings=WHOLE),
    Scenario("an answer that grows", "slack"),
    Scenario("an answer in parts", "slack", lengths=(LONG, SHORT, LONG)),
    Scenario("an answer that is checked", "slack", settings=CHECKED),
    Scenario("a command that is checked", "slack", ("command",), settings=CHECKED),
    Scenario("an answer to a direct message", "slack", ("direct",)),
    Scenario("two questions in a thread", "slack", ("mention", "follow-up")),
    Scenario("an answer to a command", "slack", ("command",)),
    Scenario("an answer about a picture", "slack", ("picture",)),
    Scenario("a question that Slack delivers once", "slack", settings=WHOLE, redelivers=False),
    Scenario("a follow-up that Slack delivers once", "slack", ("mention", "follow-up"), settled=1, redelivers=False),
    Scenario("an answer to a voice note", "slack", ("note",)),
    Scenario("an answer to a long voice note", "slack", ("long note",)),
    Scenario("an answer that is looked up", "slack", looks_up=True),
    Scenario("an answer within a cap", "slack", settings=CAPPED, looks_up=True),
    Scenario("an answer that is looked up and checked", "slack", settings=CHECKED, looks_up=True),
    Scenario("something that is allowed", "slack", asks=True),
    Scenario("a reminder", "slack", reminds=True),
    Scenario("a question that is changed", "slack", ("mention", "edit"), settled=1, settings=CHECKED),
    Scenario("what is shared, and asked about", "slack", ("shared", "mention"), settings=CHECKED | LEARNED),
    Scenario("an answer at once", "discord", settings=WHOLE),
    Scenario("an answer that grows", "discord"),
    Scenario("an answer in parts", "discord", lengths=(LONG, SHORT, LONG)),
    Scenario("an answer that is checked", "discord", settings=CHECKED),
    Scenario("two questions within a cap", "discord", ("mention", "follow-up"), settled=1, settings=CAPPED),
    Scenario("an answer in place", "discord", settings={"CONFAB_DISCORD_THREADS": "false"}),
    Scenario("an answer to a direct message", "discord", ("direct", "direct"), settled=1),
    Scenario("two questions in a thread", "discord", ("mention", "follow-up"), settled=1),
    Scenario("an answer to a voice note", "discord", ("direct", "note"), settled=1),
    Scenario("an answer to a long voice note", "discord", ("direct", "long note"), settled=1),
    Scenario("an answer that is looked up", "discord", looks_up=True),
    Scenario("something that is allowed", "discord", asks=True),
    Scenario("what is shared, and asked about", "discord", ("shared", "mention"), settings=CHECKED | LEARNED),
    Scenario("a reminder", "discord", reminds=True),
)

# Eight in flight, and four that are asked while nobody hears.
CROWDS = tuple(Scenario("twelve questions", each, ("mention",) * 12, missed=4) for each in ("slack", "discord"))
