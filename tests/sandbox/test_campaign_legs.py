"""Campaigns in two channels: the second leg goes to those who got the first, a resend to those who did not open it."""

import pandas as pd
import pytest

from sandbox import campaigns, plausible
from sandbox.world import World


@pytest.fixture(scope="module")
def legs(crowd: World) -> pd.DataFrame:
    """mindbox_id and sent_at of each message of a second leg, its campaign's channel and name, and the first leg's message."""
    mails = crowd.messages.merge(crowd.campaigns[["campaign_id", "utm_campaign", "channel", "name", "system_name"]], on="campaign_id")
    is_first = mails["system_name"] == mails["utm_campaign"]
    both = mails[~is_first].merge(mails[is_first], on=["utm_campaign", "mindbox_id"], how="left", suffixes=("", "_first"))
    return both[["mindbox_id", "utm_campaign", "channel", "name", "sent_at", "message_id_first", "sent_at_first"]]


def test_a_second_leg_reaches_only_whom_the_first_was_sent(legs):
    assert set(legs["channel"]) == {"sms", "push", "email"}
    assert legs["message_id_first"].notna().all()
    waits = (legs["sent_at"] - legs["sent_at_first"]).dt.total_seconds() / 3600
    hours = legs["name"].str.rsplit(", ", n=1).str[1].map({name: hours for _, hours, _, _, name in campaigns.LEGS})
    assert (waits - hours).abs().max() < 0.3  # a sending takes a quarter of an hour


def test_a_resend_goes_to_those_who_had_not_opened(crowd, legs):
    opened = crowd.message_events.loc[crowd.message_events["event"] == "opened", "message_id"]
    again = legs["name"].str.endswith("не открывшим")
    assert again.any()
    assert not legs.loc[again, "message_id_first"].isin(opened).any()
    assert legs.loc[~again, "message_id_first"].isin(opened).mean() > 0.05


def test_some_people_spend_much_more_than_others_in_each_of_their_orders(crowd):
    orders = crowd.orders[crowd.orders["person_id"].notna() & ~crowd.orders["is_b2b"] & (crowd.orders["net_kop"] > 0)]
    of_person = orders.groupby("person_id")["net_kop"]
    often = of_person.transform("size") >= 8
    halves = orders[often].groupby(["person_id", orders[often].groupby("person_id").cumcount() % 2])["net_kop"].mean().unstack()
    assert halves[0].corr(halves[1], method="spearman") > 0.5
    assert of_person.mean()[of_person.size() >= 8].quantile([0.1, 0.9]).pipe(lambda ends: ends[0.9] / ends[0.1]) > 2.5


def test_the_documents_table_is_that_of_the_ranges():
    text = (plausible.RANGES.parent.parent / "docs" / "sandbox.md").read_text(encoding="utf-8")
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    rows = {(cells[0], cells[1], cells[2], cells[4]) for cells in told if len(cells) == 5}
    expected = {(one.family, one.name, one.range, one.source) for one in plausible.headlines()}
    assert expected - rows == set()
    assert len(expected) == len(plausible.headlines()) >= 25
