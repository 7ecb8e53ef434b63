"""Logs: constant event names with key-values, as JSON lines, or as text when a person watches.

Everything goes to standard error, ours and what libraries say; of Faust, mode, aiohttp, aiokafka and asyncio
only warnings and worse, and a line that they repeat (a broker that is away makes ten a second, so may whoever sends
nonsense to our pages) once in ten seconds.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

LIBRARIES = ("aiohttp", "aiokafka", "asyncio", "faust", "kafka", "mode")

REPEAT_AFTER_S = 10.0
"""The same line of a library is worth a line again after this."""

REMEMBERED_LINES = 1_000
"""Of the libraries' lines; they are templates in their source, so there are few."""


def configure(level: str = "INFO", stream: TextIO | None = None, json: bool | None = None) -> None:
    """Set up logging for this process; `json` None: JSON unless `stream` (standard error) is a terminal."""
    target = sys.stderr if stream is None else stream
    as_json = not target.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(as_json)],
        )
    )
    handler.addFilter(SeldomFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


class SeldomFilter(logging.Filter):
    """Lets the same line of a library through once in `REPEAT_AFTER_S`."""

    def __init__(self) -> None:
        super().__init__()
        self._last_s: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is new, or old enough."""
        if record.name.partition(".")[0] not in LIBRARIES:
            return True
        line = (record.name, str(record.msg))
        if record.created - self._last_s.get(line, float("-inf")) < REPEAT_AFTER_S:
            return False
        if len(self._last_s) >= REMEMBERED_LINES:
            self._last_s.clear()
        self._last_s[line] = record.created
        return True


def _rendering(as_json: bool) -> list[Processor]:
    if not as_json:
        return [structlog.dev.ConsoleRenderer(colors=True)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
