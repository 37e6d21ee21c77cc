"""A help desk of a few hand-made tickets, so that every expected value can be read here."""

from datetime import UTC, datetime

import pandas as pd

from sandbox.world import SHAPES, World, table

NOW = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def at(text: str) -> pd.Timestamp:
    """A time of the hand-made world, naive UTC."""
    return pd.Timestamp(text)


def hand_made(**more: pd.DataFrame) -> World:
    """Three clients (one whom nothing identifies) and a fourth to come; five tickets and two to come; two orders; four ratings."""
    frames = {name: table(name) for name in SHAPES}
    frames["employees"] = table("employees", pd.DataFrame([
        {"employee_id": 7, "name": "Титова Софья", "email": "staff7@omnimart.example", "phone": "+79889877210", "position": "operator",
         "hired_at": at("2026-01-01")},
        {"employee_id": 8, "name": "Кассир", "email": "staff8@omnimart.example", "position": "cashier", "hired_at": at("2026-01-01")},
    ]))
    frames["orders"] = table("orders", pd.DataFrame([
        {"order_id": 10001, "number": "10001A", "kind": "online", "created_at": at("2026-10-04 10:00")},
        {"order_id": 10002, "number": "10002A", "kind": "online", "created_at": at("2026-10-06 10:00")},
    ]))
    frames["profiles"] = table("profiles", pd.DataFrame([
        {"system": "usedesk", "record_id": 501, "person_id": "P1", "kind": "person", "created_at": at("2026-10-05 07:00"),
         "first_name": "Анна", "last_name": "Петрова", "email": "anna@mail.example", "phone": "+79161234567"},
        {"system": "usedesk", "record_id": 502, "person_id": "P2", "kind": "person", "created_at": at("2026-10-06 07:00"),
         "first_name": "Ivan", "messenger_id": "telegram:5123456789"},
        {"system": "usedesk", "record_id": 503, "kind": "person", "created_at": at("2025-10-07 07:00")},
        {"system": "usedesk", "record_id": 504, "person_id": "P3", "kind": "person", "created_at": at("2026-11-01 10:00"),
         "first_name": "Olga", "email": "olga@mail.example"},
    ]))
    frames["profile_changes"] = table("profile_changes", pd.DataFrame([
        {"system": "usedesk", "record_id": 501, "changed_at": at("2026-11-01 06:00"), "field": "email", "old_value": "anna@old.example",
         "new_value": "anna@mail.example"},
    ]))
    frames["tickets"] = table("tickets", pd.DataFrame([
        # Asked by the client about an order, whose number stands in the custom field; rated twice, by webhook and in the field.
        {"ticket_id": 9001, "client_record_id": 501, "person_id": "P1", "channel": "email", "subject": "Вопрос", "type": "question",
         "priority": "medium", "employee_id": 7, "order_id": 10001, "created_at": at("2026-10-05 07:00"), "created_by": "client",
         "first_response_due_at": at("2026-10-05 09:00"), "resolution_due_at": at("2026-10-06 07:00")},
        # A bot did it all; the order's number stands in the subject alone.
        {"ticket_id": 9000, "client_record_id": 502, "person_id": "P2", "channel": "telegram", "subject": "Где мой заказ 10002A",
         "type": "question", "priority": "low", "order_id": 10002, "created_at": at("2026-10-06 07:00"), "created_by": "client"},
        {"ticket_id": 9002, "client_record_id": 503, "channel": "chat", "subject": "Реклама", "type": "question", "priority": "low",
         "created_at": at("2025-10-07 07:00"), "created_by": "client"},
        # Opened by an agent; deleted on the night that comes.
        {"ticket_id": 9003, "client_record_id": 501, "person_id": "P1", "channel": "whatsapp", "subject": "Перезвонить", "type": "task",
         "priority": "urgent", "employee_id": 7, "created_at": at("2026-10-20 08:00"), "created_by": "agent"},
        {"ticket_id": 9004, "client_record_id": 501, "person_id": "P1", "channel": "form", "subject": "Ещё раз", "type": "problem",
         "priority": "extreme", "created_at": at("2026-10-20 09:00"), "created_by": "client", "merged_into": 9003},
        {"ticket_id": 9005, "client_record_id": 504, "person_id": "P3", "channel": "vk", "subject": "Завтра", "type": "incident",
         "priority": "medium", "created_at": at("2026-11-01 10:00"), "created_by": "client",
         "first_response_due_at": at("2026-11-01 14:00"), "resolution_due_at": at("2026-11-02 10:00")},
        {"ticket_id": 9006, "client_record_id": 504, "person_id": "P3", "channel": "vk", "subject": "И ещё", "type": "incident",
         "priority": "medium", "created_at": at("2026-11-01 11:00"), "created_by": "client"},
    ]))
    frames["ticket_comments"] = table("ticket_comments", pd.DataFrame([
        {"comment_id": number, "ticket_id": ticket, "author": author, "employee_id": employee, "is_public": public,
         "message": "…", "written_at": at(moment)}
        for number, (ticket, author, employee, public, moment) in enumerate([
            (9001, "client", None, True, "2026-10-05 07:00"), (9001, "system", None, True, "2026-10-05 07:00:05"),
            (9001, "agent", 7, False, "2026-10-05 07:30"), (9001, "agent", 7, True, "2026-10-05 08:00"),
            (9000, "client", None, True, "2026-10-06 07:00"), (9000, "bot", None, True, "2026-10-06 07:00:20"),
            (9002, "client", None, True, "2025-10-07 07:00"), (9003, "agent", 7, True, "2026-10-20 08:00"),
            (9004, "client", None, True, "2026-10-20 09:00"), (9005, "client", None, True, "2026-11-01 10:00"),
        ], start=1)
    ]))
    frames["ticket_statuses"] = table("ticket_statuses", pd.DataFrame([
        {"change_id": number, "ticket_id": ticket, "old_status": old, "new_status": new, "author": author, "employee_id": employee,
         "changed_at": at(moment)}
        for number, (ticket, old, new, author, employee, moment) in enumerate([
            (9001, None, "new", "client", None, "2026-10-05 07:00"), (9001, "new", "open", "agent", 7, "2026-10-05 08:00"),
            (9001, "open", "solved", "agent", 7, "2026-10-05 09:00"), (9001, "solved", "closed", "system", None, "2026-10-08 09:00"),
            (9000, None, "new", "client", None, "2026-10-06 07:00"), (9000, "new", "solved", "bot", None, "2026-10-06 07:01"),
            (9002, None, "new", "client", None, "2025-10-07 07:00"), (9002, "new", "spam", "system", None, "2025-10-07 07:00:02"),
            (9003, None, "open", "agent", 7, "2026-10-20 08:00"), (9003, "open", "deleted", "agent", 7, "2026-11-01 09:00"),
            (9004, None, "new", "client", None, "2026-10-20 09:00"), (9004, "new", "merged", "agent", 7, "2026-10-20 09:30"),
            (9005, None, "new", "client", None, "2026-11-01 10:00"),
        ], start=1)
    ]))
    frames["ticket_ratings"] = table("ticket_ratings", pd.DataFrame([
        {"rating_id": 1, "ticket_id": 9001, "score": 2, "rated_at": at("2026-10-05 10:00"), "comes_by": "webhook"},
        {"rating_id": 2, "ticket_id": 9001, "score": 5, "comment": "Спасибо", "rated_at": at("2026-10-05 11:00"), "comes_by": "webhook"},
        {"rating_id": 3, "ticket_id": 9001, "score": 3, "rated_at": at("2026-10-05 12:00"), "comes_by": "field"},
        {"rating_id": 4, "ticket_id": 9000, "score": 4, "rated_at": at("2026-10-06 10:00"), "comes_by": "field"},
        {"rating_id": 5, "ticket_id": 9004, "score": 1, "rated_at": at("2026-11-01 10:00"), "comes_by": "webhook"},
    ]))
    return World(begins_at=at("2026-10-01").to_pydatetime(), until=at("2026-10-31 23:00").to_pydatetime(),
                 ends_at=at("2026-11-30").to_pydatetime(), **{**frames, **more})
