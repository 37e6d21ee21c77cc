"""What became of each ticket, from its comments and changes of status: answered, done, reopened, in time, by a bot, to their liking."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.business_time import OpeningHours
from tests.recomputed.tables import Tables

DONE = ("solved", "closed")
MINUTE = pd.Timedelta(minutes=1)


def counted_tickets(tables: Tables) -> pd.DataFrame:
    """Tickets that stand in KPIs, with everything that a KPI says of them worked out here."""
    tickets = tables.tickets[tables.tickets.is_counted].set_index("ticket_id", drop=False).rename_axis(None)
    told = tickets.join(_course(tables, tickets), lsuffix=" published")
    told = told.assign(**_durations(tables, told), **_waits(tables, told))
    judged = told.assign(
        sla_first_response_met=_answered_in_time(tables, told), sla_resolution_met=_resolved_in_time(tables, told),
    )
    return judged.assign(**_ratings(tables, judged)).reset_index(drop=True)


def _course(tables: Tables, tickets: pd.DataFrame) -> pd.DataFrame:
    """How each ticket went, read from its events in their turn."""
    mapped = tables.facts("seeds.value_mappings")
    mapped = mapped[mapped.field == "ticket_status"].set_index(["source_system", "value"]).mapped_to
    events = tables.facts("intermediate.int_ticket_events__united").sort_values(["ticket_id", "happened_at"], kind="stable")
    keys = pd.MultiIndex.from_arrays([events.source_system, events.raw_status])
    events = events.assign(status=mapped.reindex(keys).to_numpy())
    by_ticket = dict(list(events[events.ticket_id.isin(tickets.index)].groupby("ticket_id")))
    nothing = events.head(0)
    at_once = pd.Timedelta(seconds=tables.rules["service.opening_comment_seconds"])
    told = [
        _course_of(by_ticket.get(ticket.ticket_id, nothing), ticket.created_at.floor("s") + at_once if ticket.is_created_by_agent else None)
        for ticket in tickets.itertuples()
    ]
    course = pd.DataFrame(told, index=tickets.index)
    course["waits"] = [_waits_of(by_ticket.get(ticket.ticket_id, nothing), ticket.created_at) for ticket in tickets.itertuples()]
    moments = ["first_response_at", "client_wrote_at", "first_resolved_at", "resolved_at"]
    return course.astype(dict.fromkeys(moments, tickets.created_at.dtype))


def _course_of(events: pd.DataFrame, own_word_until: pd.Timestamp | None) -> dict[str, object]:
    replies, client, has_bot, begins = [], None, False, None
    first_done, done_at, done_by, reopened, is_done = None, None, None, 0, False
    for event in events.itertuples():
        if event.event == "comment":
            has_bot |= event.author == "bot"
            begins = begins or event
            if event.author == "agent" and event.is_public:
                replies.append(event.happened_at)
            if event.author == "client" and client is None:
                client = event.happened_at
        elif event.status in DONE and not is_done:
            is_done, done_at, done_by = True, event.happened_at, event.author
            first_done = first_done or event.happened_at
        elif event.status not in DONE and is_done:
            is_done, reopened = False, reopened + 1
    # What an agent opens begins with that agent's own word, which answers nobody.
    is_own_word = own_word_until is not None and begins and begins.author == "agent" and begins.is_public
    answers = replies[1:] if is_own_word and begins.happened_at.floor("s") <= own_word_until else replies
    return {
        "first_response_at": answers[0] if answers else None,
        "client_wrote_at": client,
        "first_resolved_at": first_done,
        "resolved_at": done_at if is_done else None,
        "reopened_count": reopened,
        "has_bot": has_bot,
        "is_bot_resolved": is_done and has_bot and not replies and done_by != "agent",
    }


def _waits_of(events: pd.DataFrame, created_at: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """From when to when the ticket was the retailer's to act on: new until its first status, then open or on hold."""
    changes = events[events.status.isin(["open", "pending", "on_hold", *DONE])]
    moments, statuses = [created_at, *changes.happened_at], ["open", *changes.status]
    stretches = zip(statuses, moments, moments[1:], strict=False)
    return [(begins, ends) for status, begins, ends in stretches if status in ("open", "on_hold") and ends >= begins]


def _waits(tables: Tables, tickets: pd.DataFrame) -> dict[str, pd.Series]:
    """How long the requester of each resolved ticket waited, by the calendar and while the service was open."""
    hours, told = OpeningHours(tables), {"requester_wait_minutes": [], "requester_wait_business_minutes": []}
    for waits, is_open in zip(tickets.waits, tickets.resolved_at.isna(), strict=True):
        told["requester_wait_minutes"].append(None if is_open else sum((ends - begins) / MINUTE for begins, ends in waits))
        told["requester_wait_business_minutes"].append(None if is_open else sum(hours.minutes(*wait) for wait in waits))
    return {name: pd.Series(minutes, index=tickets.index, dtype="Float64") for name, minutes in told.items()}


def _durations(tables: Tables, tickets: pd.DataFrame) -> dict[str, pd.Series]:
    """From the creation to each event, by the calendar and while the service was open."""
    hours, told = OpeningHours(tables), {}
    for name, column in (("first_response", "first_response_at"), ("first_resolution", "first_resolved_at"), ("resolution", "resolved_at")):
        told[f"{name}_minutes"] = ((tickets[column] - tickets.created_at) / MINUTE).astype("Float64")
        told[f"{name}_business_minutes"] = hours.between(tickets.created_at, tickets[column])
    return told


def _kept(tables: Tables, tickets: pd.DataFrame, happened_at: pd.Series, due_at: pd.Series, targets: dict[str, int]) -> pd.Series:
    """Whether a moment lies within the target: the help desk's own due time, else business minutes by priority."""
    allowed = tickets.priority.map(targets).fillna(targets["medium"])
    by_priority = OpeningHours(tables).between(tickets.created_at, happened_at) <= allowed
    return by_priority.mask(due_at.notna(), happened_at <= due_at).astype("boolean").mask(happened_at.isna())


def _answered_in_time(tables: Tables, tickets: pd.DataFrame) -> pd.Series:
    """Of answered ones whether in time; the rest are late once the target lapsed before they were done, and not due before that.

    Nobody waits for an answer to what a bot settled alone, nor to an agent's own ticket in which no client had written.
    """
    ends_at = tickets.first_response_at.fillna(tickets.resolved_at).fillna(tables.as_of)
    kept = _kept(tables, tickets, ends_at, tickets.first_response_due_at, tables.rules["service.first_response_targets"])
    kept = kept.mask(tickets.first_response_at.isna() & kept)
    nobody_waits = tickets.is_created_by_agent & ~(tickets.client_wrote_at <= ends_at)
    return kept.mask(nobody_waits | tickets.is_bot_resolved)


def _resolved_in_time(tables: Tables, tickets: pd.DataFrame) -> pd.Series:
    """Of done ones whether in time; open ones are late once the target lapsed and not due before that."""
    ends_at = tickets.resolved_at.fillna(tables.as_of)
    kept = _kept(tables, tickets, ends_at, tickets.resolution_due_at, tables.rules["service.resolution_targets"])
    return kept.mask(tickets.resolved_at.isna() & kept)


def _ratings(tables: Tables, tickets: pd.DataFrame) -> dict[str, pd.Series]:
    """The latest rating of each: its day, and whether it is one of the top scores of its scale."""
    answers = tables.survey_answers
    answers = answers[(answers.survey_type == "csat") & answers.ticket_id.isin(tickets.index) & answers.is_on_scale]
    last = answers.sort_values("answered_at").drop_duplicates("ticket_id", keep="last").set_index("ticket_id")
    points = last.scale_max - last.scale_min + 1
    by_points = tables.rules["surveys.csat_top_scores_by_scale_points"]
    top = points.map(lambda number: by_points.get(str(int(number)), tables.rules["surveys.csat_top_scores"]))
    return {
        "csat_score": last.score.reindex(tickets.index),
        "csat_rated_on": tables.business_date(last.answered_at).reindex(tickets.index),
        "is_csat_satisfied": (last.score > last.scale_max - top).astype("boolean").reindex(tickets.index),
    }
