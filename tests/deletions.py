"""What somebody deletes, bins, marks and combines in the vendors' systems between two nights, and takes back in the night after.

A world and its end  ->  `plan`: which records, the sandbox's options, and the world in which the help desk and the CRM do their part
A published night        ->  `standing`: what became of them there
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from sandbox.world import World
from tests.nights import Night

# Older than what a night brings anyway, so that nothing else moves them.
SETTLED = timedelta(days=10)
IN_THE_BIN, TAKEN_BACK = timedelta(hours=5), timedelta(hours=26)


@dataclass(frozen=True)
class Plan:
    """order: deleted in the CRM, binned and marked in the back offices, for good. receipt: binned and marked, taken back. ticket: deleted,
    reopened. customer: deleted in the CRM. combined: into which other record."""

    order: Any
    receipt: Any
    ticket: int
    customer: int
    combined: tuple[int, int]
    until: datetime
    options: dict[str, str]
    world: World


def plan(world: World, until: datetime) -> Plan:
    """What is deleted after `until` (aware), in records that stand still otherwise."""
    now = until.replace(tzinfo=None)
    settled = world.orders[(world.orders.created_at < now - SETTLED) & ~world.orders.order_id.isin(world.returns.order_id)]
    order = next(row for row in settled[(settled.kind == "online") & settled.received_at.notna()].itertuples() if not row.points_redeemed)
    receipt = next(row for row in settled[settled.kind == "receipt"].itertuples() if pd.notna(row.person_id) and row.net_kop > 50_000)
    since, back = ((until + after).isoformat() for after in (IN_THE_BIN, TAKEN_BACK))
    combined, others = _told_twice(world, now)
    customer = _without_deeds(world, now)
    ticket, statuses = _deleted_ticket(world, now)
    profiles = world.profiles.copy()
    hit = (profiles.system == "retailcrm") & (profiles.record_id == combined)
    profiles.loc[hit, ["merged_into", "merged_at"]] = [others, pd.Timestamp(now + IN_THE_BIN)]
    marks = f'[{{"order_id": {order.order_id}, "at": "{since}", "deletion_mark": true}}, ' \
            f'{{"order_id": {receipt.order_id}, "at": "{since}", "deletion_mark": true}}, ' \
            f'{{"order_id": {receipt.order_id}, "at": "{back}", "deletion_mark": false}}]'
    options = {
        "retailcrm.deleted_orders": f"{order.order_id}@{since}",
        "retailcrm.deleted_customers": f"{customer}@{since}",
        "moysklad.bin": f"customerorder/{order.uuid}@{since},retaildemand/{receipt.uuid}@{since}..{back}",
        "one_c.changes": marks,
    }
    seen = replace(world, profiles=profiles, ticket_statuses=statuses)
    return Plan(order, receipt, ticket, customer, (combined, others), now, options, seen)


def _told_twice(world: World, now: datetime) -> tuple[int, int]:
    """Two records of one person in the CRM that nobody has combined by then."""
    crm = world.profiles[(world.profiles.system == "retailcrm") & (world.profiles.created_at < now - SETTLED)]
    twice = crm[crm.person_id.notna() & (crm.merged_at > now)]
    loser = next(row for row in twice.itertuples() if row.merged_into in set(crm.record_id))
    return int(loser.record_id), int(loser.merged_into)


def _without_deeds(world: World, now: datetime) -> int:
    """A record of the CRM whose person never bought, came or wrote."""
    known = (world.profiles.kind == "person") & (world.profiles.created_at < now - SETTLED)
    crm = world.profiles[(world.profiles.system == "retailcrm") & known]
    busy = {*world.orders.person_id, *world.visits.person_id, *world.tickets.person_id, *world.calls.person_id}
    bought = set(world.orders.crm_record_id.dropna())
    alone = crm[~crm.person_id.isin(busy) & ~crm.record_id.isin(bought) & crm.merged_into.isna() & ~crm.record_id.isin(crm.merged_into)]
    return int(alone.record_id.iloc[0])


def _deleted_ticket(world: World, now: datetime) -> tuple[int, pd.DataFrame]:
    """A ticket that is closed for good, and the statuses of all with its deletion and its return to what it was."""
    told = world.ticket_statuses
    last = told[told.ticket_id.isin(told[told.new_status == "closed"].ticket_id)].groupby("ticket_id").tail(1)
    closed = last[(last.new_status == "closed") & (last.changed_at < now - SETTLED)].iloc[0]
    number = told.change_id.max()
    more = [
        {**closed, "change_id": number + 1, "old_status": "closed", "new_status": "deleted", "changed_at": now + IN_THE_BIN},
        {**closed, "change_id": number + 2, "old_status": "deleted", "new_status": "closed", "changed_at": now + TAKEN_BACK},
    ]
    return int(closed.ticket_id), pd.concat([told, pd.DataFrame(more).astype(told.dtypes)], ignore_index=True)


def standing(night: Night, plan: Plan) -> dict[str, Any]:
    """What a night published of the records: whether the orders and the ticket count, what their days say, whose records are there."""
    def one(query: str) -> Any:
        return next(iter(night.read(query)), (None,))[0]

    loser, survivor = plan.combined
    crm = "from marts.customer_profiles where source_system = 'retailcrm' and source_record_id"
    return {
        "order": one(f"select is_counted from marts.orders where order_number = '{plan.order.number}'") is True,
        "receipt": one(f"select is_counted from marts.orders where order_number = '{plan.receipt.number}'") is True,
        "its revenue": one(f"select sum(net_revenue) from marts.orders where is_counted and order_number = '{plan.receipt.number}'"),
        "its day": one(f"""
            select sum(order_revenue) from marts.kpi_sales_daily where sales_channel = 'store'
            and day = cast(timezone('Europe/Moscow', timezone('UTC', timestamp '{plan.receipt.created_at}')) as date)"""),
        "ticket": one(f"select is_counted from marts.tickets where source_record_id = '{plan.ticket}'"),
        "tickets of its day": one(f"""
            select sum(tickets_created) from marts.kpi_service_daily
            where day = (select created_on from marts.tickets where source_record_id = '{plan.ticket}')"""),
        "customer": one(f"select count(*) {crm} = '{plan.customer}'"),
        "combined by": one(f"select link_type {crm} = '{loser}'"),
        "combined": one(f"select count(distinct customer_id) {crm} in ('{loser}', '{survivor}')"),
        "orders of the combined": one(f"""
            select count(*) from marts.orders where is_counted and ordered_at < timestamp '{plan.until}'
            and customer_id = (select customer_id {crm} = '{survivor}')"""),
    }
