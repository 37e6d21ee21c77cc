"""Records that are hard to know again (sandbox/identity_noise.py); their shares are counted in tests/identity/test_identity_at_scale.py."""
from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from sandbox.identity_noise import FlawedSpelling, typed, wrong_digit
from sandbox.retailer import simulate
from sandbox.world import World
from tests.sandbox.conftest import SMALL, UNTIL


@pytest.fixture(scope="module")
def noisy() -> World:
    return simulate(seed=1, until=UNTIL, future_days=30, hand=FlawedSpelling, **SMALL)


def test_people_and_their_records_are_the_same_without_the_rest(world: World, noisy: World) -> None:
    """So that twenty thousand can be drawn in seconds."""
    for whole, hand in ((world, {}), (noisy, {"hand": FlawedSpelling})):
        alone = simulate(seed=1, until=UNTIL, future_days=30, people_alone=True, **SMALL, **hand)
        pd.testing.assert_frame_equal(alone.people, whole.people)
        systems = whole.profiles["system"].isin(alone.profiles["system"])
        pd.testing.assert_frame_equal(alone.profiles, whole.profiles[systems].reset_index(drop=True))
        assert len(alone.orders) == 0


def test_the_flaws_change_what_is_written_and_not_what_happens(world: World, noisy: World) -> None:
    facts = ["order_id", "created_at", "store_id", "person_id"]
    pd.testing.assert_frame_equal(noisy.orders[facts], world.orders[facts])
    told = ["system", "record_id", "person_id", "created_at"]
    shops = ["retailcrm", "moysklad", "mindbox", "one_c"]
    own = [w.profiles[w.profiles["system"].isin(shops)].reset_index(drop=True) for w in (noisy, world)]
    pd.testing.assert_frame_equal(own[0][told], own[1][told])
    assert (own[0]["last_name"].fillna("") != own[1]["last_name"].fillna("")).mean() > 0.1


def test_who_is_alone_shares_nothing_with_the_person_s_other_records(noisy: World) -> None:
    records = noisy.profiles[noisy.profiles["person_id"].notna()].astype({"record_id": str})
    alone = records[records["email"].str.match(r"a\d{10}@post\.example", na=False)]
    assert len(alone) > 10
    assert alone["retailcrm_id"].isna().all()
    assert alone["card_number"].isna().all()
    assert alone["merged_into"].isna().all()
    assert not alone["record_id"].isin(records["merged_into"].dropna().astype(str)).any()
    assert not alone["record_id"].isin(records["retailcrm_id"].dropna().astype(str)).any()
    assert records["email"].value_counts()[alone["email"]].max() == 1


def test_one_letter_and_one_digit_are_wrong() -> None:
    assert [typed("Носкова", 0.3, kind, "ы") for kind in range(4)] == ["Ноксова", "Нокова", "Носскова", "Ноыкова"]
    assert typed("Анна", 0.0, 0, "ы") == "Ана", "two letters that are the same do not change places"
    for day in (date(1984, 2, 29), date(2006, 12, 31), date(1950, 1, 1)):
        for at in (0.0, 0.2, 0.4, 0.6, 0.99):
            wrong = wrong_digit(day, at, 3)
            assert sum(one != other for one, other in zip(f"{day:%Y%m%d}", f"{wrong:%Y%m%d}", strict=True)) == 1
