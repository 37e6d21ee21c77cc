"""The help desk and the telephone, day by day."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.sales import summed
from tests.recomputed.tables import Tables, ratio
from tests.recomputed.telephone import judged_calls
from tests.recomputed.tickets import counted_tickets

DESK, PHONE = ["day", "channel", "priority"], ["day", "direction", "queue"]
TIMES = {
    "first_response_minutes": "first_response_minutes",
    "first_response_business_minutes": "first_response_business_minutes",
    "first_resolution_minutes": "first_resolution_minutes",
    "first_resolution_business_minutes": "first_resolution_business_minutes",
    "full_resolution_minutes": "resolution_minutes",
    "full_resolution_business_minutes": "resolution_business_minutes",
    "requester_wait_minutes": "requester_wait_minutes",
    "requester_wait_business_minutes": "requester_wait_business_minutes",
}


def kpi_service_daily(tables: Tables) -> pd.DataFrame:
    """Tickets by the day they were made, ratings by the day they were given, contacts by the day they came."""
    tickets = counted_tickets(tables).assign(day=lambda frame: frame.created_on)
    answered, solved = tickets.sla_first_response_met, tickets.sla_resolution_met
    made = summed(
        tickets, DESK,
        tickets_created=_flag(tickets.ticket_id.notna()),
        tickets_answered=_flag(tickets.first_response_at.notna()),
        tickets_resolved=_flag(tickets.resolved_at.notna()),
        reopened_tickets=_flag(tickets.reopened_count > 0),
        first_response_targets_due=_flag(answered.notna()),
        first_response_targets_met=_flag(answered.fillna(False)),
        resolution_targets_due=_flag(solved.notna()),
        resolution_targets_met=_flag(solved.fillna(False)),
        sla_targets_due=_flag(answered.notna()) + _flag(solved.notna()),
        sla_targets_met=_flag(answered.fillna(False)) + _flag(solved.fillna(False)),
        rated_tickets=_flag(tickets.resolved_at.notna() & tickets.csat_score.notna()),
        bot_tickets=_flag(tickets.has_bot),
        bot_resolved_tickets=_flag(tickets.is_bot_resolved),
    )
    rated = tickets[tickets.csat_score.notna()].assign(day=lambda frame: frame.csat_rated_on)
    ratings = summed(rated, DESK, csat_answers=_flag(rated.csat_score.notna()), csat_satisfied=_flag(rated.is_csat_satisfied.fillna(False)))
    contacts = _contacts(tables, tickets)
    over = contacts.came_at + pd.Timedelta(days=tables.rules["service.repeat_contact_days"]) <= tables.as_of
    came = summed(
        contacts, DESK,
        order_contacts=_flag(contacts.about_order),
        identified_contacts=_flag(contacts.identified),
        repeat_due_contacts=_flag(contacts.identified & over),
        repeated_contacts=_flag(contacts.identified & over & contacts.contact_id.isin(_repeated(tables, contacts))),
    )
    orders = tables.orders[tables.orders.is_counted & (tables.orders.sales_channel != "marketplace")]
    of_day = orders.groupby("ordered_on").receipts_count.sum()

    told = made.join([ratings, came], how="outer")
    pairs = told.index.droplevel("day").unique()
    days = told.index.get_level_values("day").unique().union(of_day.index)
    every = pd.MultiIndex.from_tuples([(day, *pair) for day in days for pair in pairs], names=DESK)
    rows = told.reindex(every).fillna(0).astype("Int64")
    rows["repeated_contacts"] = rows.repeated_contacts.mask((rows.identified_contacts > 0) & (rows.repeat_due_contacts == 0))
    for name, column in TIMES.items():
        minutes = tickets.dropna(subset=[column]).groupby(DESK)[column]
        rows[f"{name}_p50"], rows[f"{name}_p90"] = minutes.quantile(0.5), minutes.quantile(0.9)
    rows = rows.reset_index()
    rows["orders_of_day"] = rows.day.map(of_day).fillna(0).astype("Int64")
    return rows.assign(
        first_response_sla_attainment=ratio(rows.first_response_targets_met, rows.first_response_targets_due),
        resolution_sla_attainment=ratio(rows.resolution_targets_met, rows.resolution_targets_due),
        sla_attainment=ratio(rows.sla_targets_met, rows.sla_targets_due),
        csat=ratio(rows.csat_satisfied, rows.csat_answers),
        csat_response_rate=ratio(rows.rated_tickets, rows.tickets_resolved),
        bot_resolved_share=ratio(rows.bot_resolved_tickets, rows.bot_tickets),
        contacts_per_order=ratio(rows.order_contacts, rows.orders_of_day),
        repeat_contact_other_channel_share=ratio(rows.repeated_contacts, rows.repeat_due_contacts),
    )


def _flag(condition: pd.Series) -> pd.Series:
    return condition.astype("boolean").astype("Int64")


def _contacts(tables: Tables, tickets: pd.DataFrame) -> pd.DataFrame:
    """What customers came with: tickets that they opened, and calls in about an order."""
    orders = tables.orders.set_index("order_id")
    opened = tickets[~tickets.is_created_by_agent]
    calls = judged_calls(tables)
    called = calls[calls.is_about_order]
    came = pd.concat([
        opened.assign(contact_id="ticket " + opened.ticket_id, came_at=opened.created_at, said=opened.order_id.notna()),
        called.assign(contact_id="call " + called.call_id, came_at=called.started_at, day=called.started_on, channel="phone",
                      priority="unknown", said=True),
    ], ignore_index=True)[["contact_id", "customer_id", "order_id", "came_at", "day", "channel", "priority", "said"]]
    existed = ~(came.order_id.map(orders.ordered_at) > came.came_at)
    of_a_marketplace = came.order_id.map(orders.sales_channel) == "marketplace"
    return came.assign(about_order=came.said & existed & ~of_a_marketplace, identified=came.customer_id.notna())


def _repeated(tables: Tables, contacts: pd.DataFrame) -> set[str]:
    """Contacts after which the customer came in another channel in time, and not about another order."""
    window = pd.Timedelta(days=tables.rules["service.repeat_contact_days"])
    known = contacts.dropna(subset=["customer_id"])
    pairs = known.merge(known, on="customer_id", suffixes=("", "_later"))
    after = (pairs.came_at_later > pairs.came_at) & (pairs.came_at_later <= pairs.came_at + window) & (pairs.channel != pairs.channel_later)
    another_order = pairs.order_id.notna() & pairs.order_id_later.notna() & (pairs.order_id != pairs.order_id_later)
    return set(pairs.contact_id[after & ~another_order])


def kpi_calls_daily(tables: Tables) -> pd.DataFrame:
    """Calls in and out by queue; calls between colleagues are left out."""
    calls = judged_calls(tables)
    calls = calls[calls.direction != "internal"].assign(day=lambda frame: frame.started_on)
    calls["queue"] = calls.queue.fillna("none")
    within = tables.rules["service.answer_within_seconds"]
    comes_in, goes_out, asked = calls.direction == "in", calls.direction == "out", ~calls.is_ivr_only
    missed = comes_in & asked & ~calls.is_answered
    rows = summed(
        calls, PHONE,
        offered=_flag(asked).where(comes_in),
        answered=_flag(asked & calls.is_answered).where(comes_in),
        answered_within=_flag(calls.is_answered & (calls.wait_seconds <= within)).where(comes_in),
        missed=_flag(missed).where(comes_in),
        missed_called_back=_flag(missed & calls.is_called_back.fillna(False)).where(comes_in),
        outbound_calls=_flag(asked).where(goes_out),
        outbound_answered=_flag(asked & calls.is_answered).where(goes_out),
        talk_seconds=calls.talk_seconds.fillna(0.0),
        calls_with_talk=_flag(calls.talk_seconds.notna()),
        ivr_only=_flag(calls.is_ivr_only),
        identified_calls=_flag(calls.customer_id.notna()),
    )
    waited = calls[comes_in & calls.is_answered & calls.wait_seconds.notna()].groupby(PHONE).wait_seconds
    rows["wait_p50"], rows["wait_p90"] = waited.quantile(0.5), waited.quantile(0.9)
    rows = rows.reset_index()
    return rows.assign(
        answer_rate=ratio(rows.answered, rows.offered),
        service_level=ratio(rows.answered_within, rows.offered),
        outbound_answer_rate=ratio(rows.outbound_answered, rows.outbound_calls),
        called_back_share=ratio(rows.missed_called_back, rows.missed),
        average_talk_seconds=ratio(rows.talk_seconds, rows.calls_with_talk),
    )


MARTS = {"kpi_service_daily": kpi_service_daily, "kpi_calls_daily": kpi_calls_daily}
