"""What records share and what it proves: cards, telephones, mailboxes, of one person, of a family, of nobody."""
from __future__ import annotations

from scenarios import Scenario

OLEG = {"first_name": "Олег", "sex": "male", "birth_date": "1961-02-03"}
VERA = {"first_name": "Вера", "sex": "female", "birth_date": "1963-07-19"}
ANTON = {"first_name": "Антон", "sex": "male", "birth_date": "1958-11-30"}
OWNER = {"first_name": "Аркадий", "last_name": "Котов", "sex": "male", "birth_date": "1964-02-29"}
DINA = {"first_name": "Дина", "sex": "female", "birth_date": "1959-01-08"}
NINA = {"first_name": "Нина", "last_name": "Котова", "city": "Омск", "phone": "1", "first_seen_at": "2015-01-01",
        "last_seen_at": "2016-01-01"}
NEW_OWNER = {"first_name": "Нина", "last_name": "Белова", "phone": "1", "first_seen_at": "2025-11-01", "last_seen_at": "2026-10-01"}
ORLOVA = {"first_name": "Анна", "last_name": "Орлова", "email": "1"}
ZAHAR = {"first_name": "Захар", "last_name": "Лапин", "city": "Псков", "sex": "male"}

LONG_AGO = {"first_seen_at": "2019-03-01", "created_at": "2019-03-01"}
PICKUP = {"city": "Псков", "address": "ул. Складская, д. 15, оф. 27"}

CONTACTS = [
    Scenario("card replaced", "A new card on the same account brings the new card's till record to the old one's customer.",
             {"till": {"loyalty_card": "1"}, "club": ({"loyalty_card": "1"}, {"loyalty_card": "1"}, {"loyalty_card": "1"}),
              "crm": ({"phone": "4"}, {"phone": "4", "loyalty_card": "1"}, {"phone": "4", "loyalty_card": "2"}),
              "till2": (None, {"loyalty_card": "2"}, {"loyalty_card": "2"})},
             ids=("A till club | B crm", "A till club crm | C till2", "A till club | C till2 crm"),
             told=("", "A takes B", "A gives C", ""), redirects="B>A"),
    Scenario("shared phone", "A family's telephone joins nobody; a record of the same name behind it finds its person, in any alphabet, "
             "and one without a name could be anybody's.",
             {"crm": OLEG | {"phone": "1"}, "crm2": VERA | {"phone": "1"}, "till": {"first_name": "Vera", "phone": "1"},
              "mail": {"phone": "1"}},
             ids=("A crm | B crm2 till | C mail",), because={"till": "phone"}),
    Scenario("household", "Who shares a telephone or a flat keeps house together, and stays a person of their own.",
             {"crm": ANTON | {"phone": "1"}, "crm2": DINA | {"phone": "1", "city": "Псков", "address": "ул. Мира, д. 5, кв. 7"},
              "till": {"first_name": "Юлия", "birth_date": "1991-03-04", "city": "г. Псков", "address": "улица Мира 5-7"},
              "mail": {"first_name": "Юлия", "birth_date": "1995-03-04", "city": "Псков", "address": "улица Мира 5-8"}},
             ids=("A crm | B crm2 | C till | D mail",), households="crm crm2 till | mail", verdicts={"phone 1": "shared"}),
    Scenario("a family forms", "Two records share a telephone; then one of them learns a name: they were two people.",
             {"crm": {"first_name": "Савва", "birth_date": "1966-06-06", "phone": "1"},
              "crm2": ({"phone": "1"}, {"first_name": "Нелли", "birth_date": "1969-09-09", "phone": "1"})},
             ids=("A crm crm2", "A crm | B crm2"), told=("", "A gives B", "")),
    Scenario("father and son", "One surname, one telephone, one birthday, twenty years between them: a digit apart and two people.",
             {"crm": {"first_name": "Пётр", "last_name": "Верещагин", "birth_date": "1961-04-12", "sex": "male", "phone": "1"},
              "crm2": {"first_name": "Илья", "last_name": "Верещагин", "birth_date": "1981-04-12", "sex": "male", "phone": "1"}},
             ids=("A crm | B crm2",)),
    Scenario("sisters", "Same surname, patronymic, city and telephone, another first name: no likeness makes sisters one.",
             {"crm": {"first_name": "Софья", "last_name": "Горшкова", "middle_name": "Ильинична", "birth_date": "1990-08-09",
                      "city": "Тверь", "phone": "1"},
              "crm2": {"first_name": "Жанна", "last_name": "Горшкова", "middle_name": "Ильинична", "birth_date": "1992-03-01",
                       "city": "Тверь", "phone": "1"}},
             ids=("A crm | B crm2",)),
    Scenario("recycled number", "The operator gives a number to somebody else, years after its last owner was seen with it.",
             {"crm": OWNER | {"phone": "1", "email": "1", "first_seen_at": "2019-03-01", "last_seen_at": "2021-06-01"},
              "till": (None, {"first_name": "Нина", "last_name": "Белова", "phone": "1", "first_seen_at": "2025-11-01",
                              "last_seen_at": "2026-10-01"}),
              "mail": OWNER | {"email": "1"}},
             ids=("A crm mail", "A crm mail | B till"), households="crm mail | till", verdicts={"phone 1": "recycled"}),
    Scenario("handed on or typed crosswise", "Мороз Кузьма and Кузьма Мороз years later are one who typed his names crosswise; Анна Роман "
             "and Роман Мельник are two.",
             {"crm": {"first_name": "Кузьма", "last_name": "Мороз", "phone": "1"} | LONG_AGO,
              "till": {"first_name": "Мороз", "last_name": "Кузьма", "phone": "1", "first_seen_at": "2025-11-01"},
              "crm2": {"first_name": "Роман", "last_name": "Мельник", "phone": "2"} | LONG_AGO,
              "till2": {"first_name": "Анна", "last_name": "Роман", "phone": "2", "first_seen_at": "2025-11-01"}},
             ids=("A crm till | B crm2 | C till2",), verdicts={"phone 2": "recycled"}),
    Scenario("recycled between namesakes", "Ten years lie between two surnames at one number: one first name is no sign of one person.",
             {"crm": NINA, "till": NEW_OWNER | {"city": "Казань"}},
             ids=("A crm | B till",), verdicts={"phone 1": "recycled"}),
    Scenario("recycled to a surname", "The till knows the new owner by her surname alone; the shop still shows the old one's record, and "
             "fetched it last night. Who tells nothing but the number could be either.",
             {"crm": OWNER | {"phone": "1", "first_seen_at": "2015-01-01", "last_seen_at": "2026-10-31"},
              "till": {"last_name": "Белова", "phone": "1", "first_seen_at": "2025-11-01", "last_seen_at": "2026-10-01"},
              "mail": {"phone": "1"}},
             ids=("A crm | B till | C mail",), verdicts={"phone 1": "shared"}),
    Scenario("married and kept her number", "Another surname at one number years later: where the first name agrees and nothing else "
             "differs she married, and where the birth date does or a mailbox too.",
             {"crm": NINA, "till": NEW_OWNER, "crm2": NINA | {"phone": "2", "birth_date": "1979-02-07"},
              "till2": NEW_OWNER | {"phone": "2", "birth_date": "1979-02-07", "city": "Казань"},
              "crm3": NINA | {"phone": "3", "email": "4"}, "till3": NEW_OWNER | {"phone": "3", "email": "4", "city": "Казань"}},
             ids=("A crm till | B crm2 till2 | C crm3 till3",), because={"till": "phone", "till2": "phone", "till3": "email"}),
    Scenario("digit off behind a telephone", "One name, one telephone, a digit of the birth date wrong: a typing error and one person.",
             {"crm": ZAHAR | {"birth_date": "1968-05-21", "phone": "1"}, "till": ZAHAR | {"birth_date": "1968-05-27", "phone": "1"}},
             ids=("A crm till",), because={"till": "phone"}),
    Scenario("company mailbox", "A company's mailbox is the company's, not its buyer's; two records of the company are one.",
             {"till": {"kind": "company", "first_name": "ООО Ромашка", "email": "1"},
              "books": {"kind": "company", "first_name": "Ромашка ООО", "email": "1"}, "crm": {"first_name": "Инна", "email": "1"}},
             ids=("A till books | B crm",), because={"books": "email"}, verdicts={"email 1": "company"}),
    Scenario("colleagues", "Two called Анна write from a company's mailbox, one of them twice, and some without a name: both names are "
             "one person, one name is nobody.",
             {"till": {"kind": "company", "first_name": "ООО Лютик", "email": "1"}, "crm": ORLOVA,
              "crm2": ORLOVA | {"last_name": "Ветрова"}, "crm3": {"email": "1"}, "mail": ORLOVA, "mail2": {"email": "1"},
              "mail3": {"first_name": "Анна", "email": "1"}},
             ids=("A till | B crm mail | C crm2 | D crm3 | E mail2 | F mail3",), because={"mail": "email"},
             verdicts={"email 1": "company"}),
    Scenario("role mailbox", "Two buyers who write from their employer's info@ are two people.",
             {"crm": {"first_name": "Инна", "email": "info@vasilek.example"},
              "crm2": {"first_name": "Инна", "email": "info@vasilek.example"}},
             ids=("A crm | B crm2",)),
    Scenario("desk mailbox", "A mailbox of more first names than a family has is a shared thing and links nobody.",
             {f"crm{n}": {"first_name": name, "email": "1"} for n, name in enumerate(
                 ("Анна", "Борис", "Вера", "Глеб", "Дина", "Егор", "Жанна", "Анна"), start=1)},
             ids=("A crm1 | B crm2 | C crm3 | D crm4 | E crm5 | F crm6 | G crm7 | H crm8",), verdicts={"email 1": "too_many"}),
    Scenario("dummy phone", "What the cashier types when the buyer says no joins nobody, not even one name.",
             {"till": {"first_name": "Пётр", "phone": "+79999999999"}, "till2": {"first_name": "Пётр", "phone": "8 (999) 999-99-99"}},
             ids=("A till | B till2",), verdicts={"phone +79999999999": "junk"}),
    Scenario("dummy card", "The card that the till swipes for buyers without one.",
             {"till": {"first_name": "Пётр", "loyalty_card": "0000000000"},
              "till2": {"first_name": "Пётр", "loyalty_card": "00 000 000 00"}},
             ids=("A till | B till2",), verdicts={"loyalty_card 0000000000": "junk"}),
    Scenario("mailbox spellings", "One gmail and one Yandex mailbox, however they are spelled.",
             {"crm": {"email": "a.nna.skvo+shop@gmail.com"}, "mail": {"email": "annaskvo@googlemail.com"},
              "crm2": {"email": "i.skvortsov@yandex.ru"}, "mail2": {"email": "i-skvortsov@ya.ru"}},
             ids=("A crm mail | B crm2 mail2",), because={"mail": "email", "mail2": "email"}),
    Scenario("typo behind a mailbox", "One mailbox, one name, a birth date that one of them mistyped wholly: one person.",
             {"crm": {"first_name": "Олег", "last_name": "Дятлов", "birth_date": "1979-09-09", "email": "1"},
              "mail": {"first_name": "Олег", "last_name": "Дятлов", "birth_date": "1986-02-14", "email": "1"}},
             ids=("A crm mail",), because={"mail": "email"}),
    Scenario("chain of two names", "No chain joins two names with two birth dates: who stands between goes with the stronger evidence.",
             {"crm": {"first_name": "Роман", "birth_date": "1970-02-02", "email": "1"}, "mail": {"email": "1", "phone": "2"},
              "crm2": {"first_name": "Юлия", "birth_date": "1995-02-02", "phone": "2"}},
             ids=("A crm mail | B crm2",), because={"mail": "email"},
             asked=("crm2 mail vetoed",)),
    Scenario("chain of two sexes", "Nor does one join a man and a woman of two names, though nobody knows when they were born.",
             {"crm": {"first_name": "Роман", "last_name": "Котов", "sex": "male", "email": "1"}, "mail": {"email": "1", "phone": "2"},
              "crm2": {"first_name": "Юлия", "last_name": "Белова", "sex": "female", "phone": "2"}},
             ids=("A crm mail | B crm2",), because={"mail": "email"}, asked=("crm2 mail vetoed",)),
    Scenario("chain of two common names", "Nor two names of which everybody knows that they are two, whatever else is missing.",
             {"crm": {"first_name": "Роман", "email": "1"}, "mail": {"email": "1", "phone": "2"},
              "crm2": {"first_name": "Юля", "phone": "2"}},
             ids=("A crm mail | B crm2",), because={"mail": "email"}, asked=("crm2 mail vetoed",)),
    Scenario("chain of rare names", "Two first names that the seed does not hold may be two forms of one: here a chain joins.",
             {"crm": {"first_name": "Евстигней", "email": "1"}, "mail": {"email": "1", "phone": "2"},
              "crm2": {"first_name": "Стиша", "phone": "2"}}, ids=("A crm mail crm2",)),
    Scenario("pickup point", "An address of more customers than a household has is none.",
             {f"crm{n}": PICKUP | {"first_name": name, "last_name": "Ким", "phone": str(n)}
              for n, name in enumerate(("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна"), start=1)},
             ids=(" | ".join(f"{letter} crm{n}" for n, letter in enumerate("ABCDEFG", start=1)),),
             households=" | ".join(f"crm{n}" for n in range(1, 8))),
]
