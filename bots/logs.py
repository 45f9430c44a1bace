"""One log line an event: for people, or as JSON for machines."""

import logging
import sys

import structlog


def configure_logging(level: str, form: str) -> None:
    """Set the log up, once, at the start; `form` is `text` or `json`. Everything goes to standard error.

    The SDKs' own loggers speak from warnings on, and never at `debug`, where they would write messages' texts.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("mcp").setLevel(logging.CRITICAL)  # its warnings hold what servers send
    last = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if form == "text" else "iso", utc=form == "json"),
            structlog.processors.format_exc_info if form == "json" else _as_it_is,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _as_it_is(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event
