"""UseDesk's documents through staging: tickets, events, ratings by both ways, people, quarantine."""

from desk_nights import Staging, night

from sandbox.faults import Poison

TICKETS = """
    select source_record_id, profile_record_id, raw_channel, raw_type, raw_priority, raw_status, employee_reference, order_number,
           contact_email, is_created_by_agent, strftime(created_at, '%m-%d %H:%M'), strftime(changed_at, '%m-%d %H:%M'),
           strftime(first_response_due_at, '%m-%d %H:%M'), strftime(resolution_due_at, '%m-%d %H:%M')
    from stg_usedesk__tickets where source_record_id in ({}) order by 1"""
EVENTS = """
    select source_record_id, event, author, is_public, raw_status, employee_reference, strftime(happened_at, '%m-%d %H:%M:%S')
    from stg_usedesk__ticket_events where ticket_record_id = '{}' order by happened_at, event, source_record_id"""
ANSWERS = """
    select ticket_record_id, survey_type, raw_channel, score, comment, profile_record_id, order_number,
           strftime(answered_at, '%m-%d %H:%M')
    from stg_usedesk__survey_answers order by 1"""
PROFILES = "select source_record_id, kind, full_name, strftime(created_at, '%m-%d %H:%M') from stg_usedesk__profiles order by 1"
SET_ASIDE = "select resource, split_part(document_key, ':', 1), problem from stg_usedesk__verdicts where not is_accepted"
IDENTIFIERS = "select source_record_id, identifier_type, identifier_value from stg_usedesk__identifiers order by all"


def test_two_nights_are_translated_and_poison_is_set_aside(desk, parsed):
    staging = Staging()
    assert night().error == ""
    staging.build()
    the_first_night_is_the_worlds(staging)
    desk.sandbox.options["usedesk.sla"] = "seconds"
    poisons = plant(desk)
    desk.sandbox.advance(days=8)
    assert night().error == ""
    staging.build()
    the_second_night_follows(staging)
    assert sorted(staging.rows(SET_ASIDE)) == poisons
    received = staging.rows("select count(distinct (resource, document_key)) from stg_usedesk__receipts")
    assert staging.rows("select count(distinct (resource, document_key)) from stg_usedesk__verdicts") == received


def the_first_night_is_the_worlds(staging):
    assert staging.rows(TICKETS.format("'9000', '9001', '9002', '9003', '9004'")) == [
        ("9000", "502", "telegram", "question", "low", "2", None, "10002A", None, False, "10-06 07:00", "10-06 10:00", None, None),
        ("9001", "501", "email", "question", "medium", "3", "7", "10001A", "anna@old.example", False, "10-05 07:00", "10-08 09:00",
         "10-05 09:00", "10-06 07:00"),
        ("9002", "503", "chat", "question", "low", "7", None, None, None, False, "10-07 07:00", "10-07 07:00", None, None),
        ("9003", "501", "whatsapp", "task", "urgent", "1", "7", None, None, True, "10-20 08:00", "10-20 08:00", None, None),
        ("9004", "501", "form", "problem", "extreme", "10", None, None, "anna@old.example", False, "10-20 09:00", "10-20 09:30", None,
         None)]
    assert staging.rows(EVENTS.format(9001)) == [
        ("comment:1", "comment", "client", True, None, None, "10-05 07:00:00"),
        ("change:1", "status", "client", True, "8", None, "10-05 07:00:00"),
        ("comment:2", "comment", "system", True, None, None, "10-05 07:00:05"),
        ("comment:3", "comment", "agent", False, None, "7", "10-05 07:30:00"),
        ("comment:4", "comment", "agent", True, None, "7", "10-05 08:00:00"),
        ("change:2", "status", "agent", True, "1", "7", "10-05 08:00:00"),
        ("change:3", "status", "agent", True, "2", "7", "10-05 09:00:00"),
        ("change:4", "status", "system", True, "3", None, "10-08 09:00:00")]
    assert [(author, event) for _, event, author, *_ in staging.rows(EVENTS.format(9000))] == [
        ("client", "comment"), ("client", "status"), ("bot", "comment"), ("system", "status")]
    # 9001 was rated twice by webhook and once in the field: the later webhook counts. A field's time is that of the solution.
    assert staging.rows(ANSWERS) == [
        ("9000", "csat", "telegram", 4.0, None, "502", "10002A", "10-06 07:01"),
        ("9001", "csat", "email", 5.0, "Спасибо", "501", "10001A", "10-05 11:00")]
    assert staging.rows(PROFILES) == [
        ("501", "person", "Анна Петрова", "10-05 07:00"), ("502", "person", "Ivan", "10-06 07:00")]
    assert staging.rows(IDENTIFIERS) == [
        ("501", "email", "anna@old.example"), ("501", "messenger", "whatsapp:+79161234567"), ("501", "phone", "+79161234567"),
        ("502", "messenger", "telegram:5123456789")]
    assert staging.rows("select source_record_id, name, email from stg_usedesk__employees") == [
        ("7", "Титова Софья", "staff7@omnimart.example")]
    assert staging.rows("select raw_value, records from stg_usedesk__seen_values order by 1") == [
        ("bot", 1), ("client", 4), ("trigger", 1), ("user", 3)]


def plant(desk):
    """One of each kind, in what the second night reads; what quarantine must hold then."""
    spoil = desk.sandbox.tampering.plant
    spoil(Poison("usedesk", "tickets", "9003", set={"published_at": "0000-00-00 00:00:00"}))
    spoil(Poison("usedesk", "tickets", "9006", set={"status_id": Poison.GONE}))
    spoil(Poison("usedesk", "ticket_details", "9003", set={"changes.0.changed_at": "yesterday"}))
    spoil(Poison("usedesk", "ticket_details", "9006", set={"comments": {"of": "another shape"}}))
    spoil(Poison("usedesk", "clients", "501", find="Анна".encode(), raw=b"\\ud83d"))
    spoil(Poison("usedesk", "clients", "502", set={"id": Poison.GONE}))
    spoil(Poison("usedesk", "client_details", "501", set={"client.created_at": None}))
    spoil(Poison("usedesk", "client_details", "504", find=b"Olga", raw="Ольга".encode("cp1251")))
    spoil(Poison("usedesk", "agents", "7", set={"id": Poison.GONE}))
    spoil(Poison("usedesk", "ratings", "5", set={"rating": "отлично"}))
    return [
        ("agents", "sha256", "agent_id: missing"),
        ("client_details", "501", "created_at: missing"),
        ("client_details", "504", "payload: cannot be read as JSON"),
        ("clients", "501", "payload: cannot be read as JSON"),
        ("clients", "sha256", "client_id: missing"),
        ("ratings", "sha256", "score: not an integer"),
        ("ticket_details", "9003", "changes[].changed_at: not a time"),
        ("ticket_details", "9006", "comments: not rows"),
        ("tickets", "9003", "created_at: not a time"),
        ("tickets", "9006", "status_id: missing")]


def the_second_night_follows(staging):
    # What was accepted of a ticket stays when its newer version is set aside; timers may be told in seconds.
    assert [(row[0], row[5], row[-2], row[-1]) for row in staging.rows(TICKETS.format("'9003', '9005', '9006'"))] == [
        ("9003", "1", None, None), ("9005", "8", "11-01 14:00", "11-02 10:00")]
    assert staging.rows("select source_record_id, full_name from stg_usedesk__profiles order by 1") == [
        ("501", "Анна Петрова"), ("502", "Ivan"), ("504", "Olga")]
    assert [row[0] for row in staging.rows(ANSWERS)] == ["9000", "9001"]
    assert staging.rows("select count(*) from stg_usedesk__employees") == [(0,)]
