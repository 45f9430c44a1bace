"""How late the event loop was is told for a minute or two."""

import asyncio
import time

from bots.metrics import EVERY, EventLoopLag, format_metrics

BLOCKED = 0.5  # seconds


async def test_what_held_up_the_event_loop_is_told_and_not_forgotten_with_the_next_look() -> None:
    """A pause that is over still tells that the machine is overloaded, or that something blocks."""
    lag = EventLoopLag()
    watching = asyncio.create_task(lag.watch_loop())
    await asyncio.sleep(0)
    time.sleep(BLOCKED)  # noqa: ASYNC251 - this is what it looks for
    async with asyncio.timeout(30):
        while lag.seconds < (BLOCKED - EVERY) / 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    seen = lag.seconds
    await asyncio.sleep(3 * EVERY)
    assert lag.seconds >= seen
    watching.cancel()


def test_every_number_is_told_as_prometheus_reads_it() -> None:
    """With what it means."""
    text = format_metrics(EventLoopLag(), is_ready=True, is_writable=False)
    values = [line for line in text.splitlines() if not line.startswith("#")]
    assert values == ["confab_ready 1", "confab_database_writable 0", "confab_event_loop_lag_seconds 0"]
    assert text.count("# HELP ") == text.count("# TYPE ") == len(values)
