"""What becomes of each call: menu, queue, wait, talk; and what the exchange and the call tracker note.

causes -> hours, menu, queue, wait, result -> calls back -> numbers, tracking -> calls, call_legs
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import calls, contacts
from sandbox.contacts import optional
from sandbox.dice import Dice
from sandbox.trade import NEVER, seconds
from sandbox.world import table

OWN_PHONES = {"sales": "+78005550101", "delivery": "+78005550102", "service": "+78005550103"}
OUTGOING = "+74955550100"
TRACKING_NUMBERS = 20
ANSWERED_FAST, ANSWERED = 0.82, 0.885  # of queued calls: at once, at all
IVR_ONLY, BUSY, FAILED, VOICEMAIL = 0.05, 0.015, 0.004, 0.3  # in hours; voicemail: of calls out of hours
OUT_RESULTS, OUT_WEIGHTS = ("answered", "missed", "busy", "failed"), (70, 20, 8, 2)
STORE_RESULTS, STORE_WEIGHTS = ("answered", "missed", "busy"), (79, 16, 5)
HIDDEN_NUMBER, TRACKED_STATIC, EXTERNAL = 0.02, 0.20, 0.03
STATIC_SOURCES = (("2gis", "referral"), ("yandex_maps", "referral"), ("billboard", "saved"))
FIRST_CALL, FIRST_LEG = 600_001, 7_000_001


def lives(dice: Dice, causes: pd.DataFrame, shops: pd.DataFrame, orders: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    """The causes and the calls back with what became of them, by ended_at, until `ends`.

    Adds ivr_until, queued_at, answered_at, ended_at, result, employee_id, returns (row, -1), is_tracked, is_external.
    """
    first = _runs(dice, causes, shops, orders)
    hidden = _hidden(dice, first)
    missed = first[(first["direction"] == "in") & (first["result"] == "missed") & ~hidden & ~first["is_external"]]
    back = calls.returned(dice, missed)
    made = pd.concat([first.assign(returns=-1), _runs(dice, back, shops, orders)], ignore_index=True)
    made["is_hidden"] = np.concatenate([hidden, np.zeros(len(back), dtype=bool)])
    total = len(made)
    made = made[made["ended_at"] <= ends].sort_values(["ended_at", "src", "who", "nth"], kind="stable")
    place = np.full(total, -1)
    place[made.index.to_numpy()] = np.arange(len(made))
    made = made.reset_index(drop=True)
    made["returns"] = np.where(made["returns"] >= 0, place[made["returns"]], -1)
    return made


def _runs(dice: Dice, causes: pd.DataFrame, shops: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    key = tuple(causes[name].to_numpy() for name in ("src", "who", "nth"))
    started = causes["started_at"].to_numpy().astype("datetime64[us]")
    out = (causes["direction"] == "out").to_numpy()
    at_store, sale = (causes["store_id"] > 0).to_numpy() & ~out, (causes["src"] == calls.SALE).to_numpy()
    to_sales = ~out & (causes["queue"] == "sales").to_numpy()
    tracked = to_sales & ((causes["visit"] >= 0).to_numpy() | dice.happens(TRACKED_STATIC, "static tracking number", *key))
    external = tracked & ~sale & dice.happens(EXTERNAL, "external number", *key)
    works = contacts.is_open(started)
    fate = dice.uniform("call", *key)
    shares = np.cumsum([IVR_ONLY, BUSY, FAILED, (1 - IVR_ONLY - BUSY - FAILED) * ANSWERED])
    result = np.select(
        [
            sale,
            out,
            at_store,
            external,
            ~works,
            fate < shares[0],
            fate < shares[1],
            fate < shares[2],
            fate < shares[3],
        ],
        [
            "answered",
            dice.choice(OUT_RESULTS, "outgoing", *key, weights=OUT_WEIGHTS),
            dice.choice(STORE_RESULTS, "at store", *key, weights=STORE_WEIGHTS),
            dice.choice(("answered", "missed"), "at the external number", *key, weights=(85, 15)),
            np.where(dice.happens(VOICEMAIL, "voicemail", *key), "voicemail", "ivr_only"),
            "ivr_only",
            "busy",
            "failed",
            "answered",
        ],
        "missed",
    )
    reached, quick = np.isin(result, ("answered", "missed")), np.isin(result, ("busy", "failed"))
    menu = ~out & ~at_store & ~external & ~quick
    ivr = np.where(menu, dice.between(4, 11, "menu", *key), 0.0) + np.where(
        result == "ivr_only", dice.exponential(15.0, "in the menu", *key), 0
    )
    queued = started + seconds(ivr)
    fast = dice.happens(ANSWERED_FAST, "answered fast", *key) | sale
    wait = np.where(fast, dice.between(2, 9, "rings", *key), 21 + dice.exponential(40.0, "waits", *key))
    wait = np.where(out, dice.between(5, 25, "called rings", *key), wait)
    gives_up = np.where(out, dice.between(20, 40, "no answer", *key), 6 + dice.exponential(45.0, "gives up", *key))
    answered = np.where(result == "answered", queued + seconds(wait), NEVER)
    talk = 12 + np.minimum(dice.exponential(np.where(out, 70.0, 150.0), "talks", *key), 1800)
    order = np.maximum(causes["order"].to_numpy(), 0)
    placed = orders["created_at"].to_numpy()[order] if len(orders) else answered
    ended = np.where(sale, placed + seconds(dice.between(10, 90, "says goodbye", *key)), answered + seconds(talk))
    unanswered = np.where(
        quick,
        started + seconds(dice.between(1, 4, "cut off", *key)),
        queued + seconds(np.where(reached, gives_up, dice.between(1, 3, "hangs up", *key))),
    )
    unanswered = np.where(result == "voicemail", queued + seconds(dice.between(8, 60, "leaves message", *key)), unanswered)
    clerk = causes["clerk"].to_numpy()
    store_clerk = (causes["store_id"].to_numpy() - 1) * 4 + 1 + dice.index(4, "store clerk", *key)
    speaks = np.where(clerk >= 0, clerk, np.where(at_store, store_clerk, contacts.operators(dice, shops, "operator", *key)))
    dialled = out | ((result == "answered") & ~external)
    return causes.assign(
        ivr_until=np.where(menu, queued, NEVER),
        queued_at=np.where(reached & ~out & ~external, queued, NEVER),
        answered_at=answered,
        ended_at=np.where(result == "answered", ended, unanswered),
        result=result,
        employee_id=np.where(dialled, speaks, -1),
        is_tracked=tracked,
        is_external=external,
    )


def _hidden(dice: Dice, made: pd.DataFrame) -> np.ndarray:
    """Who withholds the number; on a tracked call nobody does, or no two systems could tell that it is one call."""
    key = tuple(made[name].to_numpy() for name in ("src", "who", "nth"))
    return (made["direction"] == "in").to_numpy() & ~made["is_tracked"].to_numpy() & dice.happens(HIDDEN_NUMBER, "hidden number", *key)


def numbers(dice: Dice, made: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, firms: pd.DataFrame) -> np.ndarray:
    """The outside party's phone: the person's as of then, the firm's, the stranger's; None when hidden."""
    person, firm, stranger = (made[name].to_numpy() for name in ("person", "firm", "stranger"))
    phone = contacts.as_of("phone", person, made["started_at"].to_numpy(), folk, changes)
    phone = np.where(firm >= 0, firms["phone"].to_numpy(dtype=object)[np.maximum(firm, 0)], phone)
    phone = np.where((person < 0) & (firm < 0), contacts.stranger_phones(dice, stranger), phone)
    return np.where(made["is_hidden"], None, phone)


def call_table(
    dice: Dice, made: pd.DataFrame, phones: np.ndarray, folk: pd.DataFrame, orders: pd.DataFrame, visits: pd.DataFrame
) -> pd.DataFrame:
    """The world's table of calls."""
    key = tuple(made[name].to_numpy() for name in ("src", "who", "nth"))
    out, tracked = (made["direction"] == "out").to_numpy(), made["is_tracked"].to_numpy()
    visit = np.where(tracked, made["visit"], -1)
    person, store, staff = made["person"].to_numpy(), made["store_id"].to_numpy(), made["employee_id"].to_numpy()
    own = np.array(
        [OWN_PHONES.get(q) or (f"+7495556{s:04d}" if s else OUTGOING) for q, s in zip(made["queue"], store, strict=True)], dtype=object
    )
    static = tracked & (visit < 0)
    source = dice.index(len(STATIC_SOURCES), "static source", *key)
    seen = visits.iloc[np.maximum(visit, 0)].reset_index(drop=True) if len(visits) else pd.DataFrame(index=made.index)
    off = dice.index(7, "tracker's clock", *key) - 3

    def of_visit(name: str, otherwise: np.ndarray | None = None) -> pd.Series:
        values = seen[name].astype(object).where(seen[name].notna(), None).to_numpy() if name in seen else np.full(len(made), None)
        fixed = otherwise if otherwise is not None else np.full(len(made), None)
        return contacts.text(np.where(visit >= 0, values, np.where(static, fixed, None)))

    return table(
        "calls",
        {
            "call_id": FIRST_CALL + np.arange(len(made)),
            "uuid": dice.uuids("call", *key),
            "direction": made["direction"],
            "person_id": contacts.text(np.where(person >= 0, folk["person_id"].to_numpy(dtype=object)[np.maximum(person, 0)], None)),
            "customer_phone": contacts.text(phones),
            "own_phone": np.where(out, OUTGOING, np.where(made["is_external"], "+74995550199", own)),
            "queue": contacts.text(np.where(made["queued_at"].notna(), made["queue"], None)),
            "employee_id": optional(np.arange(max(staff.max(initial=0), 0) + 1), np.where(made["result"] == "answered", staff, -1)),
            "extension": contacts.text(
                [f"{e + 100}" if e > 0 and r == "answered" else None for e, r in zip(staff, made["result"], strict=True)]
            ),
            "store_id": optional(np.arange(max(store.max(initial=0), 0) + 1), np.where((store > 0) & ~out, store, -1)),
            "order_id": optional(orders["order_id"].to_numpy(), made["order"].to_numpy()),
            "started_at": made["started_at"],
            "answered_at": made["answered_at"],
            "ended_at": made["ended_at"],
            "result": made["result"],
            "returns_call_id": optional(FIRST_CALL + np.arange(len(made)), made["returns"].to_numpy()),
            "is_tracked": tracked,
            "is_external": made["is_external"],
            "tracked_at": np.where(tracked, made["started_at"].to_numpy() + seconds(off), NEVER),
            "tracking_number": contacts.text(
                [
                    f"+7499555{n:04d}" if t else None
                    for n, t in zip(dice.index(TRACKING_NUMBERS, "tracking number", *key), tracked, strict=True)
                ]
            ),
            "client_id": of_visit("client_id"),
            "visit_id": of_visit("visit_id"),
            "traffic_source": of_visit("traffic_source", np.array([s for _, s in STATIC_SOURCES], dtype=object)[source]),
            "utm_source": of_visit("utm_source", np.array([s for s, _ in STATIC_SOURCES], dtype=object)[source]),
            "utm_medium": of_visit("utm_medium", np.full(len(made), "static", dtype=object)),
            "utm_campaign": of_visit("utm_campaign"),
        },
    )


def legs(dice: Dice, made: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """Menu, queue and sets that rang, of every call that the exchange saw."""
    key = tuple(made[name].to_numpy() for name in ("src", "who", "nth"))
    number, staff = np.arange(len(made)), made["employee_id"].to_numpy()
    started, queued, answered, ended = (made[n].to_numpy() for n in ("started_at", "queued_at", "answered_at", "ended_at"))
    out, inside, result = (made["direction"] == "out").to_numpy(), ~made["is_external"].to_numpy(), made["result"].to_numpy()
    other = contacts.operators(dice, shops, "rang first", *key)
    first = inside & ~np.isnat(queued) & (other != staff) & ((result == "missed") | dice.happens(0.2, "rings elsewhere first", *key))
    rung = np.where(np.isnat(answered), ended, queued + (answered - queued) // 2)

    def part(
        who: np.ndarray,
        kind: str,
        begins: np.ndarray,
        answer: np.ndarray,
        until: np.ndarray,
        said: np.ndarray,
        set_of: np.ndarray | None = None,
    ) -> pd.DataFrame:
        clerk = set_of if set_of is not None else np.full(len(made), -1)
        return pd.DataFrame(
            {"call": number, "kind": kind, "clerk": clerk, "started_at": begins, "answered_at": answer, "ended_at": until, "result": said}
        )[who]

    menu = inside & made["ivr_until"].notna().to_numpy()
    passed = ~np.isnat(queued)
    none = np.full(len(made), NEVER)
    called = np.select([result == "answered", result == "busy"], ["answered", "busy"], "not_answered")
    reaches = inside & ((result == "answered") | out)
    rings = np.where(out, started, np.where(first, rung, queued))
    made_legs = pd.concat(
        [
            part(menu, "ivr", started, started, np.where(passed, queued, ended), np.where(passed, "transferred", "abandoned")),
            part(inside & passed, "queue", queued, answered, ended, np.where(np.isnat(answered), "abandoned", "answered")),
            part(first, "phone", queued, none, rung, np.full(len(made), "not_answered"), other),
            part(reaches, "phone", rings, answered, ended, called, staff),
            part(inside & ~out & (result == "busy"), "phone", started, none, ended, np.full(len(made), "busy"), other),
        ],
        ignore_index=True,
    )
    made_legs = made_legs.sort_values(["call", "started_at"], kind="stable").reset_index(drop=True)
    return table(
        "call_legs",
        {
            "leg_id": FIRST_LEG + np.arange(len(made_legs)),
            "call_id": FIRST_CALL + made_legs["call"],
            "kind": made_legs["kind"],
            "extension": contacts.text([f"{c + 100}" if c > 0 else None for c in made_legs["clerk"]]),
            "employee_id": pd.array([c if c > 0 else None for c in made_legs["clerk"].tolist()], dtype="Int64"),
            "started_at": made_legs["started_at"],
            "answered_at": made_legs["answered_at"],
            "ended_at": made_legs["ended_at"],
            "result": made_legs["result"],
        },
    )
