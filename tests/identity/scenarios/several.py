"""Values behind which several people stand, though each could be one person's: only who agrees in more is joined there."""
from __future__ import annotations

from scenarios import Scenario

IRINA = {"first_name": "Ирина", "last_name": "Дёмина", "email": "1"}
PETR = {"first_name": "Пётр", "last_name": "Дёмин", "sex": "male", "birth_date": "1971-04-15", "email": "1"}
TWIN = {"last_name": "Рогов", "middle_name": "Ильич", "birth_date": "1992-06-17"}
TWINS = {"last_name": "Щукин", "middle_name": "Львович", "birth_date": "1987-12-21"}
ANNA = {"first_name": "Анна", "last_name": "Лыкова", "middle_name": "Олеговна"}
OLEG = {"first_name": "Олег", "last_name": "Гущин"}
OLD_OWNER = OLEG | {"created_at": "2015-03-01"}
NEW_OWNER = {"first_name": "Нина", "last_name": "Рябова", "created_at": "2026-02-01"}
LENT_TO = [("Анна", "Зорина"), ("Анна", "Лаптева"), ("Борис", "Гуров"), ("Борис", "Шилов"), ("Вера", "Тихая"), ("Вера", "Ломова"),
           ("Глеб", "Носов"), ("Глеб", "Чалый"), ("Дина", "Ярова"), ("Дина", "Усова"), ("Егор", "Кротов"), ("Егор", "Пряхин")]

SEVERAL = [
    Scenario("mailbox at work", "Colleagues of the supply department write from one mailbox that no company record holds: names of several "
             "people, and who tells one name or none is nobody's.",
             {"crm": {"first_name": "Анна", "last_name": "Орлова", "middle_name": "Ильинична", "city": "Тула", "email": "1"},
              "crm2": {"first_name": "Олег", "last_name": "Дудкин", "middle_name": "Павлович", "city": "Орёл", "email": "1"},
              "crm3": {"first_name": "Анна", "last_name": "Ветрова", "middle_name": "Юрьевна", "city": "Омск", "email": "1"},
              "mail": {"first_name": "Anna", "last_name": "Orlova", "email": "1"}, "mail2": {"first_name": "Анна", "email": "1"},
              "mail3": {"email": "1"}},
             ids=("A crm mail | B crm2 | C crm3 | D mail2 | E mail3",), because={"mail": "email"}, verdicts={"email 1": "shared"}),
    Scenario("surnames at work", "A mailbox that tells surnames and patronymics alone: nobody's first name is needed to see three people.",
             {f"crm{n}": {"last_name": last, "middle_name": middle, "city": city, "email": "1"} for n, (last, middle, city) in enumerate(
                 (("Орлова", "Ильинична", "Тула"), ("Дудкин", "Павлович", "Орёл"), ("Ветрова", "Юрьевна", "Омск")), start=1)},
             ids=("A crm1 | B crm2 | C crm3",), verdicts={"email 1": "shared"}),
    Scenario("lent card", "Twelve surnames at the till show one card: six first names are not too many for a value, and no person.",
             {f"till{n}": {"first_name": first, "last_name": last, "loyalty_card": "1"} for n, (first, last) in enumerate(LENT_TO,
             start=1)},
             ids=(" | ".join(f"{letter} till{n}" for n, letter in enumerate("ABCDEFGHIJKL", start=1)),),
             verdicts={"loyalty_card 1": "shared"}),
    Scenario("card of the cashier", "A card on more records without a name than a person has: it joins nobody but who agrees.",
             {f"till{n}": {"loyalty_card": "1"} for n in range(1, 12)}
             | {"crm": {"first_name": "Роза", "last_name": "Ким", "loyalty_card": "1"},
                "crm2": {"first_name": "Rosa", "last_name": "Kim", "loyalty_card": "1"}},
             ids=(" | ".join(f"{letter} till{n}" for n, letter in enumerate("ABCDEFGHIJK", start=1)) + " | L crm crm2",),
             because={"crm2": "loyalty_card"}, verdicts={"loyalty_card 1": "shared"}),
    Scenario("twins at one telephone", "Surname, patronymic and birth date of one person, two first names: two people, and who tells no "
             "first name could be either.",
             {"crm": TWIN | {"first_name": "Захар", "phone": "1"}, "crm2": TWIN | {"first_name": "Матвей", "phone": "1"},
              "till": TWIN | {"phone": "1"}, "till2": TWIN | {"first_name": "Матвей", "phone": "1"}},
             ids=("A crm | B crm2 till2 | C till",), because={"till2": "phone"},
             asked=("crm till fact_missing, till2 till fact_missing, crm till2 between_thresholds",)),
    Scenario("twins at one mailbox", "Nor does a mailbox join them, or a nameless record with the card of the one and the number of the "
             "other.",
             {"crm": TWINS | {"first_name": "Иван", "email": "1", "loyalty_card": "2"},
              "crm2": TWINS | {"first_name": "Антон", "email": "1", "phone": "3"}, "till": {"loyalty_card": "2", "phone": "3"}},
             ids=("A crm till | B crm2",), because={"till": "loyalty_card"}, asked=("crm2 till vetoed",)),
    Scenario("spouses at one mailbox", "Husband and wife write from one address. Hers is whatever agrees with her: another alphabet, a "
             "letter "
             "off, a short name, swapped names, е for ё, her maiden name on her birth date, a patronymic; not the bare address.",
             {"crm": IRINA | {"sex": "female", "birth_date": "1974-09-03", "middle_name": "Павловна"}, "crm2": PETR,
              "mail": {"first_name": "Irina", "last_name": "Demina", "email": "1"}, "mail2": IRINA | {"last_name": "Дёмна"},
              "mail3": IRINA | {"first_name": "Ира", "last_name": "Демина"},
              "mail4": IRINA | {"first_name": "Дёмина", "last_name": "Ирина"},
              "mail5": IRINA | {"last_name": "Шубина", "birth_date": "1974-09-03"},
              "mail6": {"first_name": "Ирина", "middle_name": "Павловна", "email": "1"},
              "mail7": {"last_name": "Дёмина", "birth_date": "1974-09-03", "email": "1"}, "mail8": {"email": "1"},
              "till": PETR | {"first_name": "Петя", "birth_date": "1971-04-16"}},
             ids=("A crm mail mail2 mail3 mail4 mail5 mail6 mail7 | B crm2 till | C mail8",), verdicts={"email 1": "shared"}),
    Scenario("mother and daughter", "One surname, one mailbox, one sex and two first names; and a mother and daughter of one name, a "
             "generation "
             "apart, with whose name alone a third could be either.",
             {"crm": {"first_name": "Вера", "last_name": "Жукова", "email": "1"},
              "crm2": {"first_name": "Дарья", "last_name": "Жукова", "email": "1"},
              "crm3": {"first_name": "Вера", "last_name": "Зыкова", "birth_date": "1961-02-11", "email": "2"},
              "crm4": {"first_name": "Вера", "last_name": "Зыкова", "birth_date": "1988-10-27", "email": "2"},
              "mail": {"first_name": "Вера", "last_name": "Зыкова", "email": "2"}},
             ids=("A crm | B crm2 | C crm3 | D crm4 | E mail",), asked=("crm3 mail two_people, crm4 mail two_people",),
             verdicts={"email 1": "shared", "email 2": "shared"}),
    Scenario("one first name on a telephone", "Two called Анна with other surnames and patronymics share a number; a surname alone may "
             "be a "
             "married one.",
             {"crm": ANNA | {"phone": "1"}, "crm2": ANNA | {"last_name": "Сомова", "middle_name": "Петровна", "phone": "1"},
              "crm3": ANNA | {"phone": "2"}, "crm4": ANNA | {"last_name": "Сомова", "phone": "2"}},
             ids=("A crm | B crm2 | C crm3 crm4",), because={"crm4": "phone"}),
    Scenario("patronymic in one field", "«Роман Сергеевич» of a form with one field tells no surname: he is who bears both names at "
             "that number.",
             {"crm": {"first_name": "Роман", "last_name": "Тюрин", "middle_name": "Сергеевич", "sex": "male", "phone": "1"},
              "crm2": {"first_name": "Инна", "last_name": "Тюрина", "sex": "female", "phone": "1"},
              "books": {"full_name": "Роман Сергеевич", "phone": "1"}},
             ids=("A crm books | B crm2",), because={"books": "phone"}),
    Scenario("two men of one first name", "A man takes no other surname: Гущин and Рябов are two, Гущин and Гущен are one.",
             {"crm": OLEG | {"email": "1"}, "mail": OLEG | {"last_name": "Рябов", "email": "1"},
              "crm2": OLEG | {"email": "2"}, "mail2": OLEG | {"last_name": "Гущен", "email": "2"}},
             ids=("A crm | B mail | C crm2 mail2",), because={"mail2": "email"}, verdicts={"email 1": "shared"}),
    Scenario("recycled and bridged", "A record without a name tells the number of its old owner and the mailbox of the new one: it goes "
             "with "
             "the mailbox and joins no owner with the other.",
             {"crm": OLD_OWNER | {"phone": "1"}, "till": {"phone": "1", "email": "2", "created_at": "2026-03-01"},
              "mail": NEW_OWNER | {"email": "2"}, "crm2": OLD_OWNER | {"phone": "3"}, "till2": {"phone": "3", "created_at": "2026-03-01"},
              "mail2": NEW_OWNER | {"phone": "3"}},
             ids=("A crm | B mail till | C crm2 | D till2 | E mail2",), because={"till": "email"}, asked=("crm till vetoed",),
             verdicts={"phone 3": "shared"}),
]
