"""Records that share no identifier, or whose sharing proves little: how alike is alike enough."""
from __future__ import annotations

from scenarios import Facts, Scenario


def whole(first_name: str, last_name: str, birth_date: str, *, middle_name: str | None = None, city: str = "Рязань",
          sex: str = "male") -> Facts:
    """A record as people fill it in when they are asked for everything."""
    told = {"first_name": first_name, "last_name": last_name, "birth_date": birth_date, "city": city, "sex": sex}
    return told | ({"middle_name": middle_name} if middle_name else {})


GLEB = whole("Глеб", "Ковригин", "1984-05-06", middle_name="Ильич")
ALIKE = ("A crm till",)
LIKELY = {"till": "probabilistic"}

LIKENESS = [
    Scenario("typo in last name", "A letter lost in the surname, everything else the same.",
             {"crm": whole("Игорь", "Бровкин", "1971-01-13"), "till": whole("Игорь", "Бровкн", "1971-01-13")}, ids=ALIKE, because=LIKELY),
    Scenario("Latin spelling", "One name in two alphabets, as two transliterations would have it.",
             {"crm": whole("Юрий", "Хрящев", "1972-02-14"), "till": whole("Yury", "Khryashchev", "1972-02-14")}, ids=ALIKE, because=LIKELY),
    Scenario("short first name", "Ваня is Иван.",
             {"crm": whole("Иван", "Щербак", "1973-03-15"), "till": whole("Ваня", "Щербак", "1973-03-15")}, ids=ALIKE, because=LIKELY),
    Scenario("ё and е", "Who types ё and who does not.",
             {"crm": whole("Семён", "Королёв", "1974-04-16"), "till": whole("Семен", "Королев", "1974-04-16")}, ids=ALIKE, because=LIKELY),
    Scenario("swapped names", "First and last name in each other's field.",
             {"crm": whole("Тихон", "Быстров", "1975-05-17"), "till": whole("Быстров", "Тихон", "1975-05-17")}, ids=ALIKE, because=LIKELY),
    Scenario("birth date a digit off", "Names, patronymic and city agree, the day is 18 here and 19 there.",
             {"crm": whole("Павел", "Лоскутов", "1976-06-18", middle_name="Ильич"),
              "till": whole("Павел", "Лоскутов", "1976-06-19", middle_name="Ильич")}, ids=ALIKE, because=LIKELY),
    Scenario("moved city", "Another city is no other person where name, patronymic and birth date agree.",
             {"crm": whole("Денис", "Пуговкин", "1977-07-19", middle_name="Ильич"),
              "till": (whole("Денис", "Пуговкин", "1977-07-19", middle_name="Ильич"),
                       whole("Денис", "Пуговкин", "1977-07-19", middle_name="Ильич", city="Омск"))}, ids=ALIKE, because=LIKELY),
    Scenario("city spellings", "СПб is Санкт-Петербург.",
             {"crm": whole("Артур", "Мельник", "1978-08-20", city="г. Санкт-Петербург"),
              "till": whole("Артур", "Мельник", "1978-08-20", city="СПб")}, ids=ALIKE, because=LIKELY),
    Scenario("married name", "A new surname with the old telephone is one person; with nothing but name and birthday it is asked.",
             {"crm": whole("Елена", "Грачёва", "1979-09-21", middle_name="Ильинична", sex="female") | {"phone": "1"},
              "mail": whole("Елена", "Новак", "1979-09-21", sex="female") | {"phone": "1"},
              "till": {"first_name": "Елена", "last_name": "Зуева", "middle_name": "Ильинична", "birth_date": "1979-09-21"}},
             ids=("A crm mail | B till",), because={"mail": "phone"}, asked=("crm till between_thresholds",)),
    Scenario("namesakes of one city", "Name, patronymic and city without a birth date are shared by hundreds: nobody is asked.",
             {"crm": {"first_name": "Иван", "last_name": "Кузнецов", "middle_name": "Ильич", "city": "Казань"},
              "till": {"first_name": "Иван", "last_name": "Кузнецов", "middle_name": "Ильич", "city": "Казань"}}, ids=("A crm | B till",)),
    Scenario("namesakes of one day", "Two of one name born on one day in one city, with two patronymics.",
             {"crm": whole("Иван", "Соколов", "1980-10-22", middle_name="Петрович"),
              "till": whole("Иван", "Соколов", "1980-10-22", middle_name="Андреевич")}, ids=("A crm | B till",),
             asked=("crm till between_thresholds",)),
    Scenario("twins", "Surname, patronymic, birth date and city of one household, two first names.",
             {"crm": whole("Фёдор", "Синицын", "1981-11-23", middle_name="Ильич"),
              "till": whole("Матвей", "Синицын", "1981-11-23", middle_name="Ильич")}, ids=("A crm | B till",),
             asked=("crm till fact_missing",)),
    Scenario("no surname", "First name, birth date and city without a surname are the records of many.",
             {"crm": {"first_name": "Ольга", "birth_date": "1982-12-24", "city": "Рязань", "sex": "female"},
              "till": {"first_name": "Ольга", "birth_date": "1982-12-24", "city": "Рязань", "sex": "female"}}, ids=("A crm | B till",),
             asked=("crm till between_thresholds",)),
    Scenario("birthday of a form", "1 January 1970 is what a form offers and no birthday.",
             {"crm": whole("Пётр", "Сорокин", "1970-01-01"), "till": whole("Пётр", "Сорокин", "1970-01-01")}, ids=("A crm | B till",)),
    Scenario("between two people", "As much like one person as like another, who is somebody else: it stays alone until somebody says.",
             {"crm": whole("Эдуард", "Мосин", "1983-01-27", middle_name="Петрович"),
              "crm2": whole("Эдуард", "Мосин", "1983-01-27", middle_name="Андреевич"),
              "till": (None, whole("Эдуард", "Мосин", "1983-01-27"))},
             decisions=("", "", "force crm2 till"), ids=("A crm | B crm2", "A crm | B crm2 | C till", "A crm | B crm2 till"),
             told=("", "", "B takes C, B forced B", ""), redirects="C>B",
             asked=("crm crm2 between_thresholds", "crm till two_people, crm2 till two_people",
                    "crm2 till forced, crm till vetoed")),
    Scenario("too many alike", "Two customers of five records each are alike; together they would be more than likeness may make.",
             {f"{system}{n}": whole("Кузьма", "Ястребов", "1984-02-28") | {"email": label}
              for system, label in (("crm", "1"), ("mail", "2")) for n in range(1, 6)},
             ids=("A crm1 crm2 crm3 crm4 crm5 | B mail1 mail2 mail3 mail4 mail5",), asked=("crm1 mail1 too_big",)),
    Scenario("many by a shared value", "A mailbox makes a customer of more records than the limit: facts join, and a steward is asked.",
             {f"crm{n}": {"first_name": "Роза", "email": "1"} for n in range(1, 11)},
             ids=("A crm1 crm2 crm3 crm4 crm5 crm6 crm7 crm8 crm9 crm10",), asked=("crm1 crm10 too_big",)),
    Scenario("cut although alike", "Alike enough by weight, but one says man and the other woman: nobody is joined, somebody is asked.",
             {"crm": whole("Женя", "Ремизов", "1985-01-25", middle_name="Кимович"),
              "till": whole("Женя", "Ремизов", "1985-01-25", middle_name="Кимович", sex="female")}, ids=("A crm | B till",),
             asked=("crm till vetoed",)),
    Scenario("typo mended", "Two typing errors are one too many; mended, the records are one person; another birth date parts them.",
             {"crm": whole("Марк", "Рубашкин", "1986-02-16"),
              "till": (whole("Марк", "Рубашкн", "1986-02-17", city="Омск"), whole("Марк", "Рубашкин", "1986-02-16"),
                       whole("Марк", "Рубашкин", "1991-09-30"))},
             ids=("A crm | B till", "A crm till", "A crm | C till"), told=("", "A takes B", "A gives C", ""), redirects="B>A"),
    Scenario("bridge removed", "Two are alike through a third only; without it they are two, and with it again one.",
             {"crm": GLEB | {"last_name": "Ковригн"}, "mail": (GLEB | {"phone": "1"}, None, GLEB | {"phone": "1"}),
              "till": {"first_name": "Глеб", "last_name": "Ковригин", "birth_date": "1984-05-07", "sex": "male", "phone": "1"}},
             ids=("A crm till mail", "A crm | B till", "A crm till mail"), told=("", "A gives B", "A takes B", ""), redirects="B>A"),
    Scenario("identifier taken away", "A vendor deletes the contact that joined two records; they are alike enough to stay together.",
             {"crm": whole("Лев", "Стригунов", "1987-03-27") | {"phone": "1"},
              "till": (whole("Лев", "Стригунов", "1987-03-27") | {"phone": "1"}, whole("Лев", "Стригунов", "1987-03-27"))},
             ids=ALIKE, because=LIKELY),
]
