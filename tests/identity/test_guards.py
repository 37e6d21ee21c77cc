"""What links records and what does not: one sentence each, over the real identity models.

Alone: `python -m pytest tests/identity/test_guards.py`
"""
from __future__ import annotations

from pathlib import Path

import pytest
from identity_project import IdentityProject, has, person

HOME = "+79161112200"


@pytest.fixture
def project(own_data: Path) -> IdentityProject:
    return IdentityProject(own_data.parent)


def test_guards_on_one_night(project: IdentityProject) -> None:
    """One build for all sentences; each uses records of its own."""
    dad, mum, mum_till, silent = "retailcrm:1", "retailcrm:2", "moysklad:2", "mindbox:3"
    till_a, till_b = "moysklad:10", "moysklad:11"
    test_a, test_b = "retailcrm:20", "retailcrm:21"
    old_owner, new_owner = "retailcrm:30", "retailcrm:31"
    gmail_a, gmail_b, yandex_a, yandex_b = "retailcrm:40", "mindbox:40", "retailcrm:41", "mindbox:41"
    crm, box, till_card, crm_card = "retailcrm:50", "mindbox:50", "moysklad:51", "retailcrm:51"
    firm_a, firm_b, buyer = "moysklad:60", "retailcrm:60", "retailcrm:61"
    short, full = "moysklad:70", "retailcrm:70"
    wife, maiden = "mindbox:80", "retailcrm:80"
    chain_a, chain_b, chain_c = "retailcrm:90", "mindbox:90", "retailcrm:91"
    desk = [f"retailcrm:{100 + n}" for n in range(8)]
    names = ["Анна", "Борис", "Вера", "Глеб", "Дина", "Егор", "Жанна", "Зоя"]
    people = [
        person(dad, first_name="Иван", sex="male", birth_date="1960-01-02"),
        person(mum, first_name="Мария", sex="female", birth_date="1962-03-04"),
        person(mum_till, first_name="Mariya"), person(silent),
        person(till_a, first_name="Пётр"), person(till_b, first_name="Пётр"), person(test_a), person(test_b),
        person(old_owner, first_name="Олег", last_name="Котов"), person(new_owner, first_name="Нина", last_name="Белова"),
        person(gmail_a), person(gmail_b), person(yandex_a), person(yandex_b), person(crm), person(box), person(till_card), person(crm_card),
        person(firm_a, kind="company", first_name="ООО Ромашка"), person(firm_b, kind="company", first_name="Ромашка ООО"),
        person(buyer, first_name="Инна"),
        person(short, first_name="Ваня"), person(full, first_name="Иван", birth_date="1990-01-01"),
        person("moysklad:71", first_name="Ольга", birth_date="1991-01-01"),
        person(wife, first_name="Елена", last_name="Новикова", birth_date="1985-05-05"),
        person(maiden, first_name="Елена", last_name="Котова", birth_date="1985-05-05"),
        person(chain_a, first_name="Роман", birth_date="1970-02-02"), person(chain_b),
        person(chain_c, first_name="Юлия", birth_date="1995-02-02"),
        *(person(record, first_name=name) for record, name in zip(desk, names, strict=True)),
        person("moysklad:placeholder", kind="placeholder", first_name="Розничный покупатель"),
        person("retailcrm:test", is_test=True, first_name="Тест"),
    ]
    identifiers = [
        *(has(record, phone=HOME) for record in (dad, mum, mum_till, silent)),
        has(till_a, phone="+7 999 999-99-99"), has(till_b, phone="89999999999"),
        has(test_a, email="test@test.ru"), has(test_b, email="TEST@test.ru"),
        has(old_owner, phone="+79031110000"), has(new_owner, phone="8 903 111 00 00"),
        has(gmail_a, email="a.nna+shop@gmail.com"), has(gmail_b, email="anna@googlemail.com"),
        has(yandex_a, email="i.petrov@yandex.ru"), has(yandex_b, email="i-petrov@ya.ru"),
        has(box, retailcrmId="50"), has(till_card, loyalty_card="2700 0000 0051"), has(crm_card, loyalty_card="270000000051"),
        has(firm_a, email="info@romashka.example"), has(firm_b, email="info@romashka.example"), has(buyer, email="info@romashka.example"),
        *(has(record, phone="+79055550000") for record in (short, full, "moysklad:71")),
        has(wife, phone="+79066660000"), has(maiden, phone="+79066660000"),
        has(chain_a, email="roman@mail.example"), has(chain_b, email="roman@mail.example", phone="+79077770000"),
        has(chain_c, phone="+79077770000"),
        *(has(record, email="desk@firm.example") for record in desk),
        has("moysklad:placeholder", phone="+79088880000"), has("retailcrm:test", phone="+79088880000"),
    ]
    ids = project.night(people, identifiers)

    assert ids[dad] != ids[mum], "one family phone, two birth dates and sexes"
    assert ids[mum] == ids[mum_till], "behind the family phone the same name links, in whatever alphabet"
    assert ids[silent] not in (ids[dad], ids[mum]), "a record without a name could be either"
    assert ids[till_a] != ids[till_b], "the till's dummy phone links nobody, not even one name"
    assert ids[test_a] != ids[test_b], "a test mailbox links nobody"
    assert ids[old_owner] != ids[new_owner], "a number that was given away"
    assert ids[gmail_a] == ids[gmail_b], "one mailbox in two spellings"
    assert ids[yandex_a] == ids[yandex_b], "one mailbox in two spellings"
    assert ids[crm] == ids[box], "the id of another system's record"
    assert ids[till_card] == ids[crm_card], "one card"
    assert ids[firm_a] == ids[firm_b] != ids[buyer], "a company's mailbox is the company's, not its buyer's"
    assert ids[short] == ids[full] != ids["moysklad:71"], "Ваня is Иван, and Ольга is neither"
    assert ids[wife] == ids[maiden], "a married name"
    assert ids[chain_a] != ids[chain_c], "no chain joins two names with two birth dates"
    assert len({ids[record] for record in desk}) == len(desk), "a mailbox of eight names is a shared thing"
    assert "moysklad:placeholder" not in ids
    assert "retailcrm:test" not in ids
    skipped = dict(project.rows("select identifier_value, reason from intermediate.int_identifiers__shared"))
    assert skipped["desk@firm.example"] == "shared by 8 records of 8 names"
    assert skipped["+79999999999"] == "junk: dummy phone of the till"
    reasons = project.rows("select link_reason from marts.customer_profiles")
    assert not [reason for (reason,) in reasons if "@mail.example" in reason and "***@" not in reason]
    assert project.rows(f"select is_b2b from intermediate.int_customers where customer_id = '{ids[firm_a]}'") == [(True,)]
