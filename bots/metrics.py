"""How well the process does: how late its event loop is, as a number that can be watched."""

import asyncio
from collections.abc import Mapping

import structlog

from core.moderation.moderation import Moderation
from core.spending.meter import Meter, MeterTotals

log = structlog.get_logger()

EVERY = 0.25  # seconds between two looks
WINDOW = 60.0  # seconds of which the worst is told
WORTH_A_LINE = 1.0  # seconds of being late that an operator should hear of


class EventLoopLag:
    """How late the event loop woke us at the worst, in the minute before the last look and since."""

    def __init__(self) -> None:
        self._worst = self._before = 0.0

    @property
    def seconds(self) -> float:
        """The worst of the last one to two minutes."""
        return max(self._worst, self._before)

    async def watch_loop(self) -> None:
        """Look again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        turned = loop.time()
        while True:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            late = loop.time() - due
            self._worst = max(self._worst, late)
            if late > WORTH_A_LINE:
                log.warning("event loop late", seconds=round(late, 3), hint="The machine is overloaded, or we block.")
            if loop.time() - turned > WINDOW:
                turned, self._before, self._worst = loop.time(), self._worst, 0.0


def format_metrics(lag: EventLoopLag, *, is_ready: bool, is_writable: bool) -> str:
    """Return every gauge, with what it tells and its value, as Prometheus reads them (its docs, Exposition formats)."""
    gauges = {
        "ready": ("Whether events can arrive from every platform.", float(is_ready)),
        "database_writable": ("Whether messages can be stored.", float(is_writable)),
        "event_loop_lag_seconds": ("How late the event loop was at the worst, in a minute or two.", lag.seconds),
    }
    return _format_gauges(gauges)


def format_further(meter: Meter, guard: Moderation | None) -> str:
    """Return what the parts of the bot add: whether anybody checks what is said, and what calls came to."""
    is_moderated = float(guard is not None and guard.checks_anything)
    return _format_gauges({"moderated": ("Whether anybody checks what is said.", is_moderated)}) + format_counters(
        meter.totals
    )


def _format_gauges(gauges: Mapping[str, tuple[str, float]]) -> str:
    lines = [
        f"# HELP confab_{name} {about}\n# TYPE confab_{name} gauge\nconfab_{name} {value:g}"
        for name, (about, value) in gauges.items()
    ]
    return "\n".join([*lines, ""])


def format_counters(totals: Mapping[tuple[str, str], MeterTotals]) -> str:
    """Return what calls came to since the process began, by purpose and model, never by person, for Prometheus."""
    counters: dict[str, tuple[str, str, float]] = {
        "model_calls_total": ("Calls that cost.", "calls", 1),
        "model_input_tokens_total": ("Tokens sent, cached ones among them.", "input", 1),
        "model_cached_tokens_total": ("Tokens sent that a cache served.", "cached", 1),
        "model_output_tokens_total": ("Tokens received, those of reasoning among them.", "output", 1),
        "model_reasoning_tokens_total": ("Tokens of reasoning.", "reasoning", 1),
        "model_audio_seconds_total": ("Seconds of recordings sent.", "audio_ms", 1_000),
        "model_cost_dollars_total": ("Dollars spent on calls whose price is known.", "nanos", 10**9),
        "model_unpriced_calls_total": ("Calls whose price is not known.", "unpriced", 1),
    }
    return "".join(
        f"# HELP confab_{name} {about}\n# TYPE confab_{name} counter\n"
        + "".join(
            f'confab_{name}{{purpose="{purpose}",model="{_escape_label(model)}"}} {getattr(each, field) / unit!r}\n'
            for (purpose, model), each in sorted(totals.items())
        )
        for name, (about, field, unit) in counters.items()
    )


def _escape_label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
