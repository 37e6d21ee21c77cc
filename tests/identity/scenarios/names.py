"""Names: how close two may sound and be two, what is read of a name in one field, and what a patronymic, an initial or a sex tells."""
from __future__ import annotations

from scenarios import Facts, Scenario


def born(day: str, last_name: str, **facts: str) -> Facts:
    """What twins have in common."""
    return {"last_name": last_name, "birth_date": day, "city": "Псков"} | facts


MARIA = born("1991-05-14", "Ткач", middle_name="Ильинична", sex="female")
ALINA = born("1989-02-11", "Скрипка", middle_name="Юрьевна", sex="female", phone="1")
ANNA = born("1986-10-03", "Бондарь", middle_name="Львовна", sex="female", email="2")
FATHER = {"first_name": "Пётр", "last_name": "Иванов", "middle_name": "Сергеевич"}
SON = FATHER | {"middle_name": "Петрович"}
IRINA = {"first_name": "Ирина", "last_name": "Котова", "middle_name": "И."}
WIFE = {"first_name": "Ирина", "last_name": "Сёмина", "sex": "female"}
HUSBAND = {"last_name": "Сёмин", "sex": "male"}
HOLDER = {"first_name": "Сергей", "last_name": "Котов"}
SPOUSE = {"first_name": "Анна", "last_name": "Гуревич", "middle_name": "Сергеевна"}

NAMES = [
    Scenario("twins a letter apart", "Мария and Дарья sound a letter apart and are two names, whatever else agrees: likeness joins no "
             "twins, a telephone neither, nor a mailbox. What is no name is a typing error of one.",
             {"crm": MARIA | {"first_name": "Мария"}, "till": MARIA | {"first_name": "Дарья"},
              "crm2": ALINA | {"first_name": "Алина"}, "till2": ALINA | {"first_name": "Арина"}, "crm3": ANNA | {"first_name": "Анна"},
              "mail3": ANNA | {"first_name": "Яна"}, "mail4": ANNA | {"first_name": "Аня"},
              "crm5": ANNA | {"first_name": "Анна", "email": "3"}, "mail5": ANNA | {"first_name": "Аннна", "email": "3"}},
             ids=("A crm | B till | C crm2 | D till2 | E crm3 mail4 crm5 mail5 | F mail3",),
             asked=("crm till fact_missing, crm2 till2 fact_missing, mail3 mail4 fact_missing",), verdicts={"email 2": "shared"}),
    Scenario("sisters a letter apart", "At one mailbox or card Мария and Марина of one surname are two, and so are two without any.",
             {"crm": {"first_name": "Мария", "last_name": "Сорока", "email": "1"},
              "mail": {"first_name": "Марина", "last_name": "Сорока", "email": "1"},
              "till": {"first_name": "Иван", "loyalty_card": "2"}, "till2": {"first_name": "Ян", "loyalty_card": "2"}},
             ids=("A crm | B mail | C till | D till2",), asked=("crm mail between_thresholds",),
             verdicts={"email 1": "shared", "loyalty_card 2": "shared"}),
    Scenario("whole name in one field", "Surname first or last, with the patronymic between: it is the one who bears all three, and two "
             "men of two patronymics are two.",
             {"crm": {"first_name": "Никита", "last_name": "Мельник", "middle_name": "Александрович", "phone": "1"},
              "crm2": {"first_name": "Анна", "last_name": "Мельник", "phone": "1"},
              "books": {"full_name": "Мельник Никита Александрович", "phone": "1"},
              "books2": {"full_name": "Никита Александрович Мельник", "phone": "1"},
              "books3": {"full_name": "Пётр Сергеевич Дудка", "email": "2"}, "books4": {"full_name": "Шевчук Пётр Андреевич", "email": "2"},
              "books5": {"full_name": "Роман Аркадьевич Абрамович", "phone": "3"},
              "books6": {"full_name": "Абрамович Роман", "phone": "3"},
              "books7": {"full_name": "Алиев Рашид Эльдар оглы", "phone": "4"},
              "crm7": {"first_name": "Рашид", "last_name": "Алиев", "middle_name": "Эльдарович", "phone": "4"},
              "crm8": {"first_name": "Рашид", "last_name": "Алиев", "middle_name": "Вагифович", "phone": "4"}},
             ids=("A crm books books2 | B crm2 | C books3 | D books4 | E books5 books6 | F books7 crm7 | G crm8",),
             because={"books": "phone", "books2": "phone"}),
    Scenario("initials in one field", "«Сидоров А. А.» is no Анна Петрова, nor «ИП Котов Иван Петрович», nor two of other initials one; "
             "but Алексей Сидоров he is.",
             {"books": {"full_name": "Сидоров А. А.", "phone": "1"}, "crm": {"first_name": "Анна", "last_name": "Петрова", "phone": "1"},
              "books2": {"full_name": "ИП Котов Иван Петрович", "phone": "2"},
              "crm2": {"first_name": "Анна", "last_name": "Белова", "phone": "2"},
              "books3": {"full_name": "Котов И.А.", "email": "3"}, "books4": {"full_name": "Белова А.П.", "email": "3"},
              "books5": {"full_name": "А.А. Сидоров", "phone": "4"},
              "crm5": {"first_name": "Алексей", "last_name": "Сидоров", "phone": "4"},
              "crm6": {"first_name": "Ольга", "last_name": "Сидорова", "phone": "4"},
              "books7": {"full_name": "Сидоров Зигфрид", "phone": "5"},
              "crm7": {"first_name": "Анна", "last_name": "Петрова", "phone": "5"}},
             ids=("A books | B crm | C books2 | D crm2 | E books3 | F books4 | G books5 crm5 | H crm6 | I books7 | J crm7",)),
    Scenario("whole name as a first name", "A form that asks for the name alone is told both: two of them at one mailbox or card are two, "
             "and who tells one name in each field is found by both, in either order.",
             {"crm": {"first_name": "Иван Котов", "email": "1"}, "mail": {"first_name": "Анна Белова", "email": "1"},
              "crm2": {"first_name": "Котов Иван Петрович", "email": "1"},
              "mail2": {"first_name": "Иван", "last_name": "Котов", "email": "1"},
              "till": {"first_name": "Иван Котов", "loyalty_card": "2"}, "till2": {"first_name": "Анна Белова", "loyalty_card": "2"},
              "crm3": {"first_name": "Екатерина Ильинична", "last_name": "Ким", "email": "3"},
              "mail3": {"first_name": "Екатерина", "last_name": "Ким", "middle_name": "Ильинична", "email": "3"},
              "crm4": {"first_name": "Виктория", "last_name": "Ким", "email": "3"}},
             ids=("A crm crm2 mail2 | B mail | C till | D till2 | E crm3 mail3 | F crm4",)),
    Scenario("surnames without a sex", "A man's name says that he is one: Сергей Мельник and Сергей Коваленко are two, Ирина may have "
             "married.",
             {"crm": {"first_name": "Сергей", "last_name": "Мельник", "email": "1"},
              "mail": {"first_name": "Серёжа", "last_name": "Коваленко", "email": "1"},
              "crm2": {"first_name": "Ирина", "last_name": "Мельник", "email": "2"},
              "mail2": {"first_name": "Ирина", "last_name": "Коваленко", "email": "2"}},
             ids=("A crm | B mail | C crm2 mail2",), verdicts={"email 1": "shared"}),
    Scenario("father and son of one name", "Two patronymics of two fathers are two people at a telephone, a mailbox, a card; a letter "
             "wrong, a colloquial ending or an initial is none.",
             {"crm": FATHER | {"phone": "1"}, "till": SON | {"phone": "1"}, "crm2": FATHER | {"email": "2"}, "mail2": SON | {"email": "2"},
              "till3": FATHER | {"loyalty_card": "3"}, "till4": SON | {"loyalty_card": "3"}, "crm5": FATHER | {"phone": "5"},
              "till5": FATHER | {"middle_name": "Сергевич", "phone": "5"}, "till6": FATHER | {"middle_name": "Сергеич", "phone": "5"},
              "till7": FATHER | {"middle_name": "С.", "phone": "5"}},
             ids=("A crm | B till | C crm2 | D mail2 | E till3 | F till4 | G crm5 till5 till6 till7",),
             asked=("crm2 mail2 between_thresholds",), verdicts={"phone 1": "shared", "email 2": "shared", "loyalty_card 3": "shared"}),
    Scenario("initial of a patronymic", "И. is Ильинична and no second sign beside a married name; К. is one.",
             {"crm": IRINA | {"email": "1"}, "mail": IRINA | {"last_name": "Белова", "middle_name": "Ильинична", "email": "1"},
              "crm2": IRINA | {"middle_name": "К.", "email": "2"},
              "mail2": IRINA | {"last_name": "Белова", "middle_name": "Ильинична", "email": "2"},
              "crm3": {"first_name": "Ю.", "last_name": "Котова", "sex": "female", "email": "3"},
              "mail3": {"first_name": "Юлия", "last_name": "Белова", "middle_name": "Ильинична", "email": "3"}},
             ids=("A crm mail | B crm2 | C mail2 | D crm3 mail3",)),
    Scenario("names of other regions", "Шамиль and Эльдар, Злата and Василиса are two names each.",
             {"crm": {"first_name": "Шамиль", "last_name": "Алиев", "email": "1"},
              "mail": {"first_name": "Эльдар", "last_name": "Алиев", "email": "1"},
              "crm2": {"first_name": "Злата", "last_name": "Котова", "email": "2"},
              "mail2": {"first_name": "Василиса", "last_name": "Котова", "email": "2"},
              "till": {"first_name": "Амина", "loyalty_card": "3"}, "till2": {"first_name": "Анна", "loyalty_card": "3"}},
             ids=("A crm | B mail | C crm2 | D mail2 | E till | F till2",)),
    Scenario("man and woman of one surname", "Of whom one tells no first name: their sexes part them at a mailbox or card too, told or as "
             "the names tell them.",
             {"crm": WIFE | {"email": "1"}, "mail": HUSBAND | {"email": "1"}, "till": WIFE | {"loyalty_card": "2"},
              "till2": HUSBAND | {"loyalty_card": "2"}, "crm3": {"first_name": "Ирина", "last_name": "Дёмина", "phone": "3"},
              "till3": {"last_name": "Дёмин", "phone": "3"}},
             ids=("A crm | B mail | C till | D till2 | E crm3 | F till3",), verdicts={"email 1": "shared", "loyalty_card 2": "shared"}),
    Scenario("short surname in Latin", "A letter lost of Ильин in Latin is no other man.",
             {"crm": {"first_name": "Семён", "last_name": "Ильин", "phone": "1"},
              "till": {"first_name": "Semen", "last_name": "Iin", "phone": "1"}},
             ids=("A crm till",), because={"till": "phone"}),
    Scenario("no name at all", "What stands for a name and is none parts nobody from the holder of the phone, nor do signs, nor «нет».",
             {"crm": HOLDER | {"phone": "1"}, "desk": {"full_name": "Не указано", "phone": "1"},
              "desk2": {"full_name": "Заявка с сайта", "phone": "1"}, "desk3": {"full_name": "Мама", "phone": "1"},
              "desk4": {"full_name": "Сергей 🚗", "phone": "1"}, "till": {"first_name": "Клиент", "phone": "1"},
              "till2": HOLDER | {"middle_name": "Ильич", "email": "2"}, "mail2": HOLDER | {"middle_name": "нет", "email": "2"},
              "mail3": {"first_name": "Сергей", "last_name": "—", "middle_name": "Не указано", "email": "2"}},
             ids=("A crm desk desk2 desk3 desk4 till | B till2 mail2 mail3",)),
    Scenario("surname like a patronymic", "Анна Гуревич and Иван Бабич in one field tell their surnames; Али оглы is Алиевич.",
             {"crm": SPOUSE | {"phone": "1"}, "books": {"full_name": "Анна Гуревич", "phone": "1"},
              "crm2": {"first_name": "Иван", "last_name": "Бабич", "middle_name": "Сергеевич", "email": "2"},
              "books2": {"full_name": "Иван Бабич", "email": "2"},
              "crm3": {"first_name": "Рашид", "last_name": "Мамедов", "middle_name": "Али оглы", "email": "3"},
              "till3": {"first_name": "Рашид", "last_name": "Мамедов", "middle_name": "Алиевич", "email": "3"}},
             ids=("A crm books | B crm2 books2 | C crm3 till3",)),
    Scenario("names that sound like short forms", "Алия is no Аля, Сания no Саня; Аза is no short form of her husband Азамат; Роман who "
             "is called as Анна by her surname is not she.",
             {"crm": {"first_name": "Алия", "last_name": "Каримова", "phone": "1"},
              "till": {"first_name": "Алина", "last_name": "Каримова", "phone": "1"},
              "crm2": {"first_name": "Сания", "last_name": "Каримова", "phone": "2"},
              "till2": {"first_name": "Александра", "last_name": "Каримова", "phone": "2"},
              "crm3": {"first_name": "Аза", "last_name": "Дзагоева", "phone": "3"},
              "till3": {"first_name": "Азамат", "last_name": "Дзагоев", "phone": "3"},
              "crm4": {"first_name": "Роман", "last_name": "Мельник", "email": "4"},
              "till4": {"first_name": "Анна", "last_name": "Роман", "email": "4"},
              "crm5": {"first_name": "Даня", "last_name": "Мельник", "birth_date": "1990-04-11", "email": "5"},
              "till5": {"first_name": "Даниил", "last_name": "Мельник", "birth_date": "1992-04-17", "email": "5"}},
             ids=("A crm | B till | C crm2 | D till2 | E crm3 | F till3 | G crm4 | H till4 | I crm5 till5",)),
    Scenario("patronymic typed as a last name", "One record that does makes no surname of Сергеевич: father and son stay two, and Иван "
             "Сергеевич is whoever bears it.",
             {"crm": {"first_name": "Пётр", "last_name": "Сергеевич", "email": "9"},
              "books": {"full_name": "Рогов Иван Сергеевич", "phone": "1"}, "books2": {"full_name": "Рогов Иван Петрович", "phone": "1"},
              "crm3": {"first_name": "Иван", "last_name": "Рогов", "middle_name": "Сергеевич", "phone": "3"},
              "desk3": {"full_name": "Иван Сергеевич", "phone": "3"}, "desk4": {"full_name": "Иван Сергеич", "phone": "3"}},
             ids=("A crm | B books | C books2 | D crm3 desk3 desk4",)),
    Scenario("no surname in the field of one", "The first name once more, «Отсутствует», «дизайнер»: none of them makes another man of "
             "him; Рогов does.",
             {"crm": HOLDER | {"phone": "1", "email": "1"}, "mail": {"first_name": "Сергей", "last_name": "Сергей", "email": "1"},
              "till": {"first_name": "Сергей", "last_name": "Отсутствует", "phone": "1"},
              "desk": {"full_name": "Сергей Дизайнер", "phone": "1"},
              "crm2": HOLDER | {"email": "2"}, "mail2": HOLDER | {"last_name": "Рогов", "email": "2"}},
             ids=("A crm mail till desk | B crm2 | C mail2",), verdicts={"email 2": "shared"}),
    Scenario("signs and apostrophes", "Tat'yana and Дар'я are one word each, «Анна 🌸» is Анна; «Анна и Иван» in one field is neither.",
             {"crm": {"first_name": "Татьяна", "last_name": "Белова", "phone": "1"}, "desk": {"full_name": "Tat'yana Belova", "phone": "1"},
              "crm2": {"first_name": "Дарья", "last_name": "Коваленко", "phone": "2"}, "desk2": {"full_name": "Дар'я", "phone": "2"},
              "crm3": {"first_name": "Анна", "last_name": "Рогова", "phone": "3"}, "till3": {"first_name": "Анна 🌸", "phone": "3"},
              "crm4": {"first_name": "Анна", "last_name": "Рогова", "email": "4"}, "mail4": {"first_name": "Анна и Иван", "email": "4"},
              "crm5": {"first_name": "Иван", "last_name": "Рогов", "email": "4"}},
             ids=("A crm desk | B crm2 desk2 | C crm3 till3 | D crm4 | E mail4 | F crm5",), verdicts={"email 4": "shared"}),
]
