"""The clock file by which sandbox, vendors and warehouse live (ingestion/clock.py), turned while they read it."""

from datetime import datetime
from pathlib import Path


def turn(clock: Path, moment: datetime) -> None:
    """It is this moment now; nobody reads a half-written file."""
    half = clock.with_suffix(".half")
    half.write_text(moment.isoformat(), encoding="utf-8")
    half.replace(clock)
