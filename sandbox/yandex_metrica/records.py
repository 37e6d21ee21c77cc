"""The counter's visits and hits as columns of texts, ready for a log.

World frames ──► one list per field, made when it is first asked for ──► the lines of some days, as the counter counted them at a moment

A row counts on the day on which it began, in the counter's zone. Until `settled_at` a visit shows the pages counted early; from `gone_at`
on it is in no log, nor are its hits. Assumed, since no source shows it: the inside of `ecommerce` (what the site's tag sends, as an
array), `params` of a login (`{"__ym":{"user_id":…}}`, what the tag sends for setUserID), the time zone of purchaseDateTime (UTC+3, as
documented for goalsDateTime), and that a hole stands for a revenue or a promo code that the site did not tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from sandbox.yandex_metrica.attribution import placeholder
from sandbox.yandex_metrica.hits import HIT_FIELDS
from sandbox.yandex_metrica.visits import VISIT_FIELDS

if TYPE_CHECKING:
    from sandbox.server import Sandbox

FIELDS: dict[str, dict[str, Callable[[Records], list[str]]]] = {"visits": VISIT_FIELDS, "hits": HIT_FIELDS}
KEYS = {"visits": "ym:s:visitID", "hits": "ym:pv:watchID"}
EARLY = "ym:s:pageViews"


class Records:
    """What one counter saw. Frames are in the order of their time and share the row numbers of the columns."""

    def __init__(self, sandbox: Sandbox, time_zone: str) -> None:
        self.world, self.zone = sandbox.world, ZoneInfo(time_zone)
        self._time_zone, self._tampering = time_zone, sandbox.tampering
        self._columns: dict[tuple[str, str], list[str]] = {}

    def counter(self, number: int) -> dict[str, Any]:
        """The counter's record."""
        offset = datetime.fromisoformat("2026-01-15").astimezone(self.zone).utcoffset()
        return {"id": number, "status": "Active", "owner_login": "omnimart", "name": "Омнимарт", "site": "shop.example",
                "create_time": f"{self.world.begins_at:%Y-%m-%dT%H:%M:%SZ}", "time_zone_name": self._time_zone,
                "time_zone_offset": int(offset.total_seconds() // 60)}

    def goals(self) -> list[dict[str, Any]]:
        """The counter's goals."""
        return [{"id": one["goal_id"], "name": one["name"], "type": "action", "default_price": 0, "status": "Active"}
                for one in self.world.rows("goals")]

    def day_of(self, moment: datetime) -> date:
        """The counter's day."""
        return moment.astimezone(self.zone).date()

    def knows(self, source: str, name: str) -> bool:
        """Whether a field may be asked for."""
        return name.startswith("ym:") and placeholder(name) in FIELDS[source]

    def count(self, source: str, since: date, until: date) -> int:
        """About how many rows a log of these days has."""
        first, last = self._stretch(source, since, until)
        return last - first

    def log(self, source: str, since: date, until: date, names: list[str], seen_at: datetime) -> list[bytes]:
        """The lines of these days."""
        now = np.datetime64(seen_at.replace(tzinfo=None), "us")
        first, last = self._stretch(source, since, until)
        shown = np.flatnonzero(self._is_shown(source, now)[first:last]) + first
        every = shown.tolist()
        columns = []
        for name in map(placeholder, names):
            column = self.column(source, name)
            if name == EARLY:
                early = (self.visits["settled_at"] > now).to_numpy()
                column = np.where(early, self.visits["early_pageviews"].astype(str), column).tolist()
            columns.append([column[row] for row in every])
        lines = ["\t".join(values).encode() + b"\n" for values in zip(*columns, strict=True)]
        self._spoil(source, names, [self.column(source, KEYS[source])[row] for row in every], columns, lines)
        return lines

    def column(self, source: str, name: str) -> list[str]:
        """A field of every row, as it stands in a log."""
        if (source, name) not in self._columns:
            self._columns[source, name] = FIELDS[source][name](self)
        return self._columns[source, name]

    def local(self, times: pd.Series, zone: ZoneInfo | None = None) -> np.ndarray:
        """Naive UTC times as naive times of the counter's zone (or another), to the second."""
        moved = times.dt.tz_localize("UTC").dt.tz_convert(zone or self.zone).dt.tz_localize(None)
        return moved.to_numpy("datetime64[s]")

    def stamps(self, times: pd.Series, zone: ZoneInfo | None = None) -> list[str]:
        """Times as a log writes them."""
        return [text.replace("T", " ") for text in np.datetime_as_string(self.local(times, zone)).tolist()]

    @cached_property
    def visits(self) -> pd.DataFrame:
        """The visits, by their beginning."""
        frame = self.world.visits.sort_values("started_at", kind="stable").reset_index(drop=True)
        return frame.assign(key=frame["visit_id"] + ":" + frame["client_id"])

    @cached_property
    def hits(self) -> pd.DataFrame:
        """The events, by their time, with `visit`, the row of their visit, or -1."""
        frame = self.world.visit_events.sort_values("happened_at", kind="stable").reset_index(drop=True)
        row_of = pd.Series(np.arange(len(self.visits)), index=self.visits["key"])
        found = row_of.reindex(frame["visit_id"] + ":" + frame["client_id"]).fillna(-1).to_numpy(np.int64)
        return frame.assign(visit=found)

    @cached_property
    def orders(self) -> dict[int, dict[str, Any]]:
        """Orders that were placed on the site, by id."""
        wanted = set(self.visits["order_id"].dropna().tolist())
        frame = self.world.orders[self.world.orders["order_id"].isin(wanted)]
        return {one.order_id: {"number": one.external_id if isinstance(one.external_id, str) else one.number, "kopecks": int(one.net_kop),
                               "coupon": one.promo_code if isinstance(one.promo_code, str) else None}
                for one in frame.itertuples()}

    @cached_property
    def lines(self) -> dict[int, list[tuple[int, int, int]]]:
        """order_id -> (product_id, quantity, unit_price_kop) of its lines."""
        frame = self.world.order_lines[self.world.order_lines["order_id"].isin(self.orders)]
        found: dict[int, list[tuple[int, int, int]]] = {}
        for order, *line in zip(*(frame[name].tolist() for name in ("order_id", "product_id", "quantity", "unit_price_kop")), strict=True):
            found.setdefault(order, []).append(tuple(line))
        return found

    @cached_property
    def products(self) -> dict[int, tuple[str, str]]:
        """product_id -> (article, name); the site calls a product by its article."""
        frame = self.world.products
        return dict(zip(frame["product_id"].tolist(), zip(frame["article"].tolist(), frame["name"].tolist(), strict=True), strict=True))

    @cached_property
    def goals_of_visits(self) -> dict[int, list[int]]:
        """{row of a visit: rows of its hits that reached a goal}."""
        return self._of_visits(self.hits["goal_id"].notna())

    @cached_property
    def purchases_of_visits(self) -> dict[int, list[int]]:
        """{row of a visit: rows of its hits that tell a purchase}."""
        return self._of_visits((self.hits["event"] == "purchase") & self.hits["order_id"].isin(self.orders))

    @cached_property
    def hits_of_visits(self) -> dict[int, list[int]]:
        """{row of a visit: rows of its hits}."""
        return self._of_visits(pd.Series(True, index=self.hits.index))

    def of_hits(self, name: str) -> list[Any]:
        """A column of the hits as plain values, None for whatever is missing."""
        if ("hits", f"plain {name}") not in self._columns:
            values = self.hits[name]
            self._columns["hits", f"plain {name}"] = values.astype(object).where(values.notna(), None).tolist()
        return self._columns["hits", f"plain {name}"]

    def _of_visits(self, wanted: pd.Series) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        wanted = wanted & (self.hits["visit"] >= 0)
        for row, visit in zip(self.hits.index[wanted].tolist(), self.hits.loc[wanted, "visit"].tolist(), strict=True):
            found.setdefault(visit, []).append(row)
        return found

    @cached_property
    def _days(self) -> dict[str, np.ndarray]:
        return {"visits": self.local(self.visits["started_at"]).astype("datetime64[D]"),
                "hits": self.local(self.hits["happened_at"]).astype("datetime64[D]")}

    def _stretch(self, source: str, since: date, until: date) -> tuple[int, int]:
        days = self._days[source]
        return int(np.searchsorted(days, np.datetime64(since))), int(np.searchsorted(days, np.datetime64(until), side="right"))

    def _is_shown(self, source: str, now: np.datetime64) -> np.ndarray:
        gone = self.visits["gone_at"].to_numpy("datetime64[us]")
        stays = np.isnat(gone) | (gone > now)
        if source == "visits":
            return stays & (self.visits["ended_at"].to_numpy("datetime64[us]") <= now)
        of = self.hits["visit"].to_numpy()
        return (self.hits["happened_at"].to_numpy("datetime64[us]") <= now) & ((of < 0) | np.append(stays, True)[of])

    def _spoil(self, source: str, names: list[str], keys: list[str], columns: list[list[str]], lines: list[bytes]) -> None:
        """Planted poison. A record is spoiled as JSON of its texts, so a tab that poison puts into one breaks the line."""
        planted = self._tampering.keys("yandex_metrica", source)
        for place, key in enumerate(keys) if planted else ():
            if key in planted:
                record = dict(zip(names, (column[place] for column in columns), strict=True))
                body = self._tampering.apply("yandex_metrica", source, key, record).decode("utf-8", "surrogateescape")
                spoiled = json.loads(body, strict=False)
                lines[place] = "\t".join(spoiled.values()).encode("utf-8", "surrogateescape") + b"\n"
