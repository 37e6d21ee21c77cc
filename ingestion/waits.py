"""How long a vendor asks us to wait: its header -> seconds, or None where that cannot be meant."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

# No vendor means a longer wait than a day; who says so counts in another unit, or is broken.
LONGEST_BELIEVED = 86_400.0


def standard_retry_after(text: str | None, *, now: str | None = None) -> float | None:
    """Seconds from a Retry-After header, given as seconds or as an HTTP date; None when absent, unreadable or longer than a day, never
    negative. now: the answer's own Date, since a date is by the vendor's clock, which may be minutes off ours."""
    if not text:
        return None
    if (told := seconds(text)) is not None:
        return told
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    try:
        begins = parsedate_to_datetime(now or "")
    except (TypeError, ValueError):
        begins = datetime.now(UTC)
    try:
        return seconds(max(0.0, (until - begins).total_seconds()))
    except TypeError:  # one of the two names no zone
        return None


def seconds(value: Any) -> float | None:
    """A wait as a vendor tells it, a number or its text; None for what is no number, negative, or longer than a day."""
    try:
        told = float(value)
    except (TypeError, ValueError):
        return None
    return told if math.isfinite(told) and 0 <= told <= LONGEST_BELIEVED else None
