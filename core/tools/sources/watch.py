"""Has the tools of a source offered while it is there, and looks for it while it is not."""

import asyncio
import time
from functools import partial

import structlog

from core.tools.sources.catalog import ToolCatalog
from core.tools.sources.source import SourceFailed, ToolSource

log = structlog.get_logger()

FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 10.0  # seconds
AGAIN = "It sent what cannot be read, or could not be kept; it is looked for again."
STEADY = 30.0  # seconds after which one that was there is looked for at once again


async def keep_offering(source: ToolSource, catalog: ToolCatalog, first_pause: float = FIRST_PAUSE) -> None:
    """Go on until called off; why a source gives no tools is told once, until that changes.

    The first pause before it is looked for again is in seconds; each further one is twice as long, up to LONGEST_PAUSE.
    """
    pause, told = first_pause, ""
    while True:
        begun = time.monotonic()
        try:
            await source.hold_open(partial(catalog.take_tools, source.name))
        except SourceFailed as error:
            if str(error) != told:
                told = str(error)
                log.warning("tool source gone", source=source.name, detail=told)
        except Exception as error:  # noqa: BLE001 - of another's making; the next look may find it well
            log.error("tool source failed", source=source.name, error=type(error).__name__, hint=AGAIN)  # noqa: TRY400 - what it holds is the source's
        finally:
            catalog.drop_source(source.name)
        pause = first_pause if time.monotonic() - begun > STEADY else min(2 * pause, LONGEST_PAUSE)
        await asyncio.sleep(pause)
