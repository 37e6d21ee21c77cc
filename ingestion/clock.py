"""What time it is for the whole warehouse.

clock file (sandbox, tests) or the wall clock -> `now()`; every cursor, every `version_at` and every as-of date comes from here.
"""

import os
from datetime import UTC, datetime
from pathlib import Path


def now() -> datetime:
    """The present moment, aware UTC.

    `OMNIMART_CLOCK` may name a file that holds an ISO-8601 time; the sandbox's retailer lives by that file, so the
    pipelines that read from it must too. Raises ValueError when the file does not hold a time.
    """
    named = os.environ.get("OMNIMART_CLOCK")
    if not named:
        return datetime.now(UTC)
    text = Path(named).read_text(encoding="utf-8").strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"The clock file {named} holds {text!r}, which is no ISO-8601 time. "
                         "Write one, or unset OMNIMART_CLOCK.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
