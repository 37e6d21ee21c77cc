"""The simulated omnichannel retailer: one seed in, its whole world out.

    people, catalogue -> visits -> encounters -> profiles -> orders, lines -> loyalty ledger -> returns -> mailings
    -> site and app -> service -> back office, marketplace = World

`simulate` draws the past and some future at once; the sandbox's clock decides how much of it shows. Every draw is a
function of the seed and of what it is drawn for (sandbox/dice.py), so the same seed gives the same world, and a longer
future changes nothing that happened before.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from sandbox import (
    back_office,
    baskets,
    campaigns,
    catalogue,
    costs,
    digital,
    encounters,
    errands,
    ledger,
    mailings,
    market,
    people,
    profiles,
    programme,
    segments,
    service,
    settlements,
    trade,
)
from sandbox import orders as order_book
from sandbox.dice import Dice
from sandbox.purchases import replay_purchases
from sandbox.shapes import SHAPES
from sandbox.world import World, table

__all__ = ["World", "replay_purchases", "simulate"]


def simulate(
    *, until: datetime, seed: int = 1, customers: int = 5000, days: int = 730, stores: int = 20, future_days: int = 60,
    hand: type[profiles.Spelling] = profiles.Spelling, people_alone: bool = False,
) -> World:
    """The world of a retailer with `customers` people by `until` (UTC), `days` of history and `future_days` yet to come.

    `hand` is how vendors write people down (with flaws: identity_noise.FlawedSpelling). With `people_alone` the world ends with people and
    their records in RetailCRM, MoySklad and Mindbox, the same as in the whole one, which takes far longer.
    """
    dice = Dice(seed)
    until = until.astimezone(UTC).replace(tzinfo=None) if until.tzinfo else until
    now = np.datetime64(until, "us")
    begins, ends = now - np.timedelta64(days, "D"), now + np.timedelta64(future_days, "D")
    launched, cheaper_since = (
        begins + np.timedelta64(int(days * share * 86400), "s") for share in (programme.LAUNCHED_AFTER, programme.CHEAPER_AFTER)
    )
    first_day = (begins + trade.MOSCOW).astype("datetime64[D]")
    horizon = days + future_days + 1
    shops = catalogue.stores(dice, stores, begins=begins, until=now)
    storage = catalogue.warehouses(dice)
    goods = catalogue.products(dice, max(60, min(600, customers // 8)), begins=begins)
    goods = table("products", market.listed(dice, goods, begins=begins))
    firms = catalogue.companies(dice, customers, begins=begins, until=now)

    joined = trade.joined_days(customers, days, future_days + 1)  # the world ends within a day, whose newcomers are there till then
    # Some weeks more are planned than are lived: carts are left and things looked at before the purchases of the next weeks.
    later = trade.joined_days(customers, days, future_days + errands.LOOKS_AHEAD_DAYS)
    folk = people.people(dice, len(joined), joined_at=first_day + joined, mailboxes=list(firms["email"]))
    cities = np.append(folk["city"].to_numpy(dtype=object), [shops["city"].iat[0]] * (len(later) - len(joined)))
    planned = trade.people_visits(dice, later, cities, shops, first_day=first_day, horizon=horizon + errands.LOOKS_AHEAD_DAYS)
    planned = planned[planned["created_at"] >= begins + np.timedelta64(1, "h")].reset_index(drop=True)
    bought = planned[(planned["created_at"] <= ends) & (planned["who"] < len(folk))]
    folk["joined_at"] = _joined_at(dice, planned[planned["who"] < len(folk)], first_day + joined, begins=begins)
    folk = hand.of_people(dice, folk)
    changes = hand.of_changes(dice, people.person_changes(dice, folk))
    folk = people.with_recycled_numbers(dice, folk, changes, share=hand.recycled)
    members = programme.enrolments(dice, folk["joined_at"].to_numpy(), launched=launched, customers=customers)
    members = members.where(members["enrolled_at"] <= ends)
    staff = catalogue.employees(dice, shops, folk, begins=begins)

    visits = pd.concat(
        [
            bought,
            trade.walk_ins(dice, shops, customers=customers, first_day=first_day, horizon=horizon),
            trade.firm_visits(dice, firms, first_day=first_day, horizon=horizon),
            trade.test_visits(dice, bought),
        ],
        ignore_index=True,
    )
    visits = visits[(visits["created_at"] >= begins + np.timedelta64(1, "h")) & (visits["created_at"] <= ends)]
    visits = visits.sort_values(["created_at", "who", "nth"], kind="stable").reset_index(drop=True)
    met = encounters.seen(dice, visits, members, people=len(folk))

    needs = encounters.needs(dice, met, members, folk["joined_at"].to_numpy(), firms, begins=begins)
    needs = needs[needs["created_at"] <= ends]
    cards = programme.card_changes(dice, members)
    changes = pd.concat([changes.assign(always=False), hand.of_cards(dice, folk, cards)], ignore_index=True)
    changes = changes[changes["changed_at"] <= ends].sort_values(["changed_at", "person"], kind="stable").reset_index(drop=True)
    records, changed = profiles.records(dice, needs, folk, changes, firms, begins=begins, hand=hand)
    if people_alone:
        known = {"people": folk, "profiles": _only("profiles", records), "profile_changes": _only("profile_changes", changed)}
        return World(begins_at=_plain(begins), until=until, ends_at=_plain(ends), **{name: table(name) for name in World.needed()} | known)

    accounts = programme.accounts(dice, members, records, folk, cards, customers=customers, ends=ends)
    orders = order_book.orders(dice, met, records, accounts, folk, changes, firms, shops)
    lines = costs.with_costs(baskets.lines(dice, orders, goods), orders, goods, until=now)
    orders["base_kop"] = orders["order_id"].map(lines.groupby("order_id")["net_kop"].sum())
    back = baskets.returned_lines(dice, orders, lines)
    entries, points, undone = ledger.walk(
        dice, accounts, folk["birth_date"].to_numpy(), orders, back, cheaper_since=cheaper_since, goodwill=programme.goodwill(customers),
        ends=_plain(ends),
    )
    lines = baskets.with_points(lines, points.set_index("order_id")["points_kop"])
    orders = order_book.with_amounts(orders, baskets.sums(lines), points)
    returns, return_lines = baskets.returns(dice, orders, lines, back[back["returned_at"] <= ends], undone)

    sent = campaigns.campaigns(begins=begins, ends=ends)
    readers = mailings.readers(dice, records, changed, folk)
    own = records[(records["system"] == "retailcrm") & (records["slot"] == profiles.OWN) & (records["person"] >= 0)]
    own = pd.DataFrame(
        {
            "person": own["person"],
            "person_id": own["person_id"],
            "crm_record_id": own["record_id"].astype("int64"),
            "created_at": own["created_at"],
        }
    )
    reader = orders["person"].map(dict(zip(readers["person"], range(len(readers)), strict=True)))
    theirs = orders.assign(reader=reader, online=orders["kind"] == "online")[reader.notna()].astype({"reader": "int64"})
    messages, events, agreed = mailings.mail(dice, readers, sent, campaigns.occasions(dice, readers, theirs, ends=ends), ends=ends)
    site_and_app = digital.digital(
        dice, planned, later, orders, goods, own, readers, messages, events, sent, customers=customers, begins=begins, ends=ends
    )
    desk = service.served(
        dice,
        service.Retailer(
            customers=customers, begins=begins, ends=ends, folk=folk, changes=changes, firms=firms, shops=shops, records=records,
            orders=orders, visits=site_and_app["visits"],
        ),
    )
    partners = back_office.partners(dice, orders, folk, changes, firms, begins=begins, hand=hand)
    market_orders, market_units = market.market(dice, orders, goods, until=now, ends=ends)
    return World(
        begins_at=_plain(begins),
        until=until,
        ends_at=_plain(ends),
        people=folk,
        profiles=pd.concat([_only("profiles", records), desk.profiles, partners.profiles], ignore_index=True),
        profile_changes=_together(_only("profile_changes", changed), desk.profile_changes, partners.changes),
        companies=firms,
        stores=shops,
        warehouses=storage,
        employees=staff,
        products=goods,
        orders=_only("orders", orders),
        order_lines=lines,
        returns=returns,
        return_lines=return_lines,
        loyalty_accounts=_only("loyalty_accounts", accounts),
        loyalty_operations=ledger.operations(dice, entries, orders, returns),
        campaigns=_only("campaigns", sent),
        messages=messages,
        message_events=events,
        consent_events=agreed,
        crm_consent_events=mailings.crm_consent_events(dice, agreed, readers, own.drop(columns="person_id")),
        segments=segments.segments(begins),
        segment_members=segments.members(orders, own.drop(columns="person"), ends=ends),
        **desk.tables,
        **site_and_app,
        shifts=back_office.shifts(dice, orders, shops),
        gift_card_sales=back_office.gift_card_sales(dice, orders, ends=ends),
        market_orders=market_orders,
        market_units=market_units,
        market_settlements=settlements.settlements(dice, market_orders, market_units, goods, begins=begins, ends=ends),
        programme_started_at=_plain(launched),
        points_cheaper_since=_plain(cheaper_since),
        stock_of=catalogue.stock_of(dice, goods, pd.concat([shops, storage]), customers=customers),
    )


def _plain(moment: np.datetime64) -> datetime:
    return moment.astype("datetime64[us]").item()


def _only(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The published table without the keys that the drawing needed."""
    return table(name, frame[[column for column in SHAPES[name] if column in frame]])


def _together(*changes: pd.DataFrame) -> pd.DataFrame:
    """Changes of all systems in the order of time."""
    return pd.concat(changes, ignore_index=True).sort_values("changed_at", kind="stable", ignore_index=True)


def _joined_at(dice: Dice, bought: pd.DataFrame, days: np.ndarray, *, begins: np.datetime64) -> np.ndarray:
    """A quarter of an hour before the first purchase; at noon of the day for those who never buy."""
    first = bought.groupby("who")["created_at"].min().reindex(range(len(days))).to_numpy().astype("datetime64[us]")
    noon = days.astype("datetime64[us]") + trade.seconds(9 * 3600 + dice.index(7200, "joins at", np.arange(len(days))))
    return np.maximum(np.where(np.isnat(first), noon, first - np.timedelta64(15, "m")), begins + np.timedelta64(1, "h"))
