"""How each switched-on account stands: when it last answered, and through when its data goes.

    lake/contacts/*.jsonl + the accounts that are switched on  ──►  `standings()`  ──►  checks, gate, alerts

Freshness is measured by contact with the vendor and not by its loads: a night without news leaves no load.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestion import clock, lake
from ingestion.vendor import Vendor
from ingestion.vendors import vendors


@dataclass(frozen=True)
class Standing:
    """One account of a vendor that is switched on.

    `answered_at`: the last contact read to its end, None if there never was one. `error`: why the newest contact failed,
    empty when it did not. `through`: until when its data is in the lake. `documents`: how many the last answer brought.
    """

    vendor: Vendor
    account: str
    answered_at: datetime | None
    error: str
    through: datetime | None
    history_from: datetime | None
    history_left_days: float
    history_eta_seconds: float
    documents: int = 0

    @property
    def name(self) -> str:
        """`vendor/account`, as sentences name it."""
        return f"{self.vendor.name}/{self.account}"

    @property
    def age(self) -> timedelta | None:
        """How long ago it last answered; None if it never did."""
        return clock.now() - self.answered_at if self.answered_at else None

    @property
    def is_stale(self) -> bool:
        """Its newest contact failed, or nobody has asked it for longer than its freshness allows."""
        return self.age is None or bool(self.error) or self.age > self.vendor.freshness

    @property
    def reason(self) -> str:
        """The error without the name in front and the full stop behind, to stand inside a sentence."""
        return self.error.removeprefix(f"{self.name}:").strip().rstrip(".")

    def sentence(self) -> str:
        """Why it is stale and through when its data goes."""
        if self.answered_at is None:
            return f"{self.name} has never answered: {self.reason or 'it was never asked'}"
        why = self.reason or f"it was last asked at {self.answered_at:%Y-%m-%d %H:%M} UTC"
        through = f"{self.through:%Y-%m-%d %H:%M} UTC" if self.through else "an unknown time"
        return f"{self.name} is stale, its data goes through {through}: {why}"


def standings() -> tuple[Standing, ...]:
    """Every switched-on account of every vendor. Raises ingestion's SettingError for settings that cannot be read at all."""
    rows = _rows()
    return tuple(_standing(vendor, account.name, rows) for vendor in vendors() for account in vendor.accounts())


def _standing(vendor: Vendor, account: str, rows: list[dict]) -> Standing:
    own = [row for row in rows if (row["source_system"], row["source_account"]) == (vendor.name, account)]
    answered = [row for row in own if row["status"] == "success"]
    newest, last = (own[-1] if own else {}), (answered[-1] if answered else {})
    return Standing(
        vendor=vendor,
        account=account,
        answered_at=_moment(last.get("contacted_at")),
        error=newest.get("error") or ("it failed without a word" if newest.get("status") == "failed" else ""),
        through=_moment(last.get("data_through_at")),
        history_from=_moment(newest.get("loaded_from_at")),
        history_left_days=float(newest.get("history_left_days") or 0),
        history_eta_seconds=float(newest.get("history_eta_seconds") or 0),
        documents=int(last.get("documents") or 0),
    )


def _rows() -> list[dict]:
    """All contacts, oldest first. The file names begin with the time, and a contact's file appears whole. Dagster's sensors ask without
    the lock: files that were put together meanwhile are listed once more."""
    rows: list[dict] = []
    for path in sorted((lake.root() / "contacts").glob("[!.]*.jsonl")):
        try:
            rows += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        except FileNotFoundError:
            return _rows()
    return [row for row in rows if row["status"] in ("success", "failed")]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
