"""How well the process does: how late its event loop is, as a number that can be watched."""

import asyncio

import structlog

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
    lines = [
        f"# HELP confab_{name} {about}\n# TYPE confab_{name} gauge\nconfab_{name} {value:g}"
        for name, (about, value) in gauges.items()
    ]
    return "\n".join([*lines, ""])
