"""What a run says while it works, for people at a terminal.

    context.log.info(sentence)  ──►  "02:00:14  the sentence"

Dagster's own console log prefixes every line with job, run and step; that stays in the UI, where one can filter by it.
"""

import logging
import sys

import dagster as dg


class _Sentence(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", None) or {}
        said = meta.get("orig_message") or record.getMessage()
        mark = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        return f"{self.formatTime(record, '%H:%M:%S')}  {mark}{said}"


class _NoEvents(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Dagster's own events carry a dagster_event; what a step says does not. A failure is told once, at the end, and so are
        the steps that could not start because of it."""
        meta = getattr(record, "dagster_meta", None) or {}
        return not meta.get("dagster_event") and not str(meta.get("orig_message", "")).startswith("Dependencies for step")


@dg.logger(description="One plain line per sentence, on standard output.")
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """The logger every job of this code location uses."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Sentence())
    handler.addFilter(_NoEvents())
    logger = logging.Logger("omnimart", level=logging.INFO)
    logger.addHandler(handler)
    return logger
