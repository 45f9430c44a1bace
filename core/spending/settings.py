"""What an operator can set about what calls cost, and how much may be spent."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from core.setting_fields import AS_JSON, CommaList, Section, setting_field
from core.spending.prices import Price, Rates

CapScope = Literal["person", "role", "channel", "workspace", "model", "all"]
CapPeriod = Literal["minute", "hour", "day", "week", "month"]
Amount = Annotated[Decimal, Field(ge=0, le=10**9)]
NANOS = Decimal(10**9)  # of a dollar


class PriceSettings(BaseModel):
    """What a model costs: dollars for a million tokens, or for a minute of sound.

    `cached` is for what a cache served of the prompt, `written` for what was put into one; without them these cost
    what the rest of the prompt does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    input: Amount | None = None
    cached: Amount | None = None
    written: Amount | None = None
    output: Amount | None = None
    minute: Amount | None = None

    def to_price(self) -> Price:
        """Return it in billionths of a dollar."""
        told = (self.input, self.cached, self.written, self.output, self.minute)
        return Price(Rates(*(None if each is None else round(each * NANOS) for each in told)))


class CapSettings(BaseModel):
    """How much may be spent in a period, by one person, channel, workspace or model, or by all together.

    Without an `id` it holds for each of its kind, one by one. Whoever is `exempt` (`user:U1`, `role:R1`) is not held
    by it; what they spend counts all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    scope: CapScope
    id: str = ""
    period: CapPeriod
    dollars: Amount | None = None
    tokens: NonNegativeInt | None = None
    answers: NonNegativeInt | None = None
    audio_minutes: Amount | None = None
    exempt: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if all(each is None for each in (self.dollars, self.tokens, self.answers, self.audio_minutes)):
            raise ValueError("a cap says how much: dollars, tokens, answers or audio_minutes")
        return self


def _check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in hosts if "/" in each]:
        raise ValueError(f"a host is a name, or name:port, as localhost:11434; {len(wrong)} are not")
    return hosts


class SpendingSettings(Section):
    """What calls cost, and how much may be spent; `requests` is how many questions a person may ask in a minute."""

    title: ClassVar[str] = "What calls cost, and how much may be spent"

    prices: Annotated[dict[str, PriceSettings], AS_JSON] = setting_field(
        "CONFAB_PRICES",
        "Dollars per million tokens, or per minute of audio, as JSON: "
        '{"gpt-4o": {"input": 2.5, "cached": 1.25, "output": 10}, "whisper-1": {"minute": 0.006}}',
        {},
    )
    local_hosts: Annotated[CommaList, AfterValidator(_check_hosts)] = setting_field(
        "CONFAB_LOCAL_HOSTS", "Hosts whose models cost nothing, with commas: localhost:11434", ()
    )
    caps: Annotated[tuple[CapSettings, ...], AS_JSON] = setting_field(
        "CONFAB_CAPS",
        "How much may be spent, as JSON: "
        '[{"scope": "person", "period": "day", "dollars": 1, "exempt": ["user:U1"]}]; see docs/spending.md',
        (),
    )
    requests: NonNegativeInt = setting_field(
        "CONFAB_REQUESTS_PER_MINUTE", "How many questions one person may ask in a minute; 0: any number", 60
    )
    digest: CommaList = setting_field(
        "CONFAB_USAGE_DIGEST",
        "Channels told each day at nine what the day before cost, with commas, as platform:C123",
        (),
    )
