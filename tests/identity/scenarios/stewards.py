"""What a steward decides holds from the next night on, through any chain, until it is withdrawn."""
from __future__ import annotations

from scenarios import Scenario
from scenarios.likeness import whole

ANNA = {"first_name": "Анна"}
ROSE = {"first_name": "Роза", "email": "1"}
ROSES = {1: ROSE} | dict.fromkeys(range(10, 18), (None, ROSE)) | {18: (None, None, ROSE)} | dict.fromkeys(range(2, 10), ROSE)
NINE, EIGHT_MORE = (" ".join(f"crm{n}" for n in numbers) for numbers in (range(1, 10), range(10, 18)))
TRIO = {"crm": ANNA | {"phone": "1", "email": "1"}, "till": ANNA | {"phone": "1"}, "mail": ANNA | {"email": "1"}}

STEWARDS = [
    Scenario("forbidden within a chain", "Two who meet through a third are parted; the third stays with the stronger evidence.",
             TRIO, ids=("A crm till mail", "A crm mail | B till"), decisions=("", "forbid till mail"),
             told=("", "A gives B, B forbidden A", ""), asked=("", "till mail forbidden")),
    Scenario("forbidden and bridged", "A pair is forbidden; then a third arrives that shares something with both.",
             TRIO | {"crm": (None, TRIO["crm"])}, ids=("A till | B mail", "A till | B mail crm"), decisions=("forbid mail till",),
             told=("B forbidden A", ""), asked=("mail till forbidden",)),
    Scenario("forbidden likeness", "Two who are alike in everything, and the steward has met both.",
             {"crm": whole("Иван", "Полуянов", "1988-04-28"), "till": whole("Иван", "Полуянов", "1988-04-28")},
             ids=("A crm till", "A crm | B till"), decisions=("", "forbid crm till"), told=("", "A gives B, A forbidden B", ""),
             asked=("", "crm till forbidden")),
    Scenario("forced", "Two records that share nothing are one person, says a steward.",
             {"crm": ANNA, "crm2": ANNA}, ids=("A crm crm2",), decisions=("force crm crm2",), told=("A forced A", ""),
             because={"crm2": "steward"}, asked=("crm crm2 forced",)),
    Scenario("asked and answered", "Two are asked about; the steward knows that she married, and the question is closed.",
             {"crm": {"first_name": "Марфа", "last_name": "Жильцова", "middle_name": "Львовна", "birth_date": "1989-05-29"},
              "till": {"first_name": "Марфа", "last_name": "Суркова", "middle_name": "Львовна", "birth_date": "1989-05-29"}},
             ids=("A crm | B till", "A crm till"), decisions=("", "force crm till"), told=("", "A takes B, A forced A", ""),
             redirects="B>A", because={"till": "steward"}, asked=("crm till between_thresholds", "crm till forced")),
    Scenario("forced then withdrawn", "A steward joins two and takes it back: they are two again, and the joined half's id is not reborn.",
             {"crm": ANNA, "crm2": ANNA}, ids=("A crm | B crm2", "A crm crm2", "A crm | C crm2"),
             decisions=("", "force crm crm2", ""), told=("", "A takes B, A forced A", "A gives C", ""), redirects="B>A",
             asked=("", "crm crm2 forced", "")),
    Scenario("forbidden then withdrawn", "A steward parts two and takes it back: one again, under the id that stayed.",
             {"crm": ANNA | {"email": "1"}, "mail": ANNA | {"email": "1"}}, decisions=("", "forbid crm mail", ""),
             ids=("A crm mail", "A crm | B mail", "A crm mail"), told=("", "A gives B, A forbidden B", "A takes B", ""), redirects="B>A",
             asked=("", "crm mail forbidden", "")),
    Scenario("forced and forbidden at once", "They stay apart, and only what is in force is told.",
             {"crm": ANNA, "crm2": ANNA}, ids=("A crm | B crm2",), decisions=("force crm crm2, forbid crm crm2",),
             told=("A forbidden B", ""), asked=("crm crm2 forbidden",)),
    Scenario("forced while away", "A decision about a record that is not shown waits, and is told when it comes into force.",
             {"crm": ANNA, "crm2": (ANNA, None, ANNA)}, ids=("A crm | B crm2", "A crm", "A crm crm2"),
             decisions=("", "force crm crm2"), told=("", "", "A takes B, A forced A", ""), redirects="B>A", asked=("", "crm crm2 forced")),
    Scenario("forbid wins", "Over a steward's own force and over the vendor's word.",
             {"crm": ANNA, "crm2": ANNA}, decisions=("force crm crm2", "force crm crm2", "force crm crm2, forbid crm2 crm"),
             merges=("", "", "crm2>crm"), ids=("A crm crm2", "A crm crm2", "A crm | B crm2"),
             told=("A forced A", "", "A gives B, B forbidden A", ""),
             asked=("crm crm2 forced", "crm crm2 forced", "crm crm2 forbidden")),
    Scenario("grown since it was forced", "A steward says that nine records are one person; that holds for as many more as the limit "
             "allows, wherever they come in between, and then it is asked again.",
             {f"crm{n}": told for n, told in ROSES.items()},
             ids=(f"A {NINE}", f"A {NINE} {EIGHT_MORE}", f"A {NINE} {EIGHT_MORE} crm18"), decisions=("", "force crm1 crm9"),
             told=("", "A forced A", ""), asked=("crm1 crm9 too_big", "crm1 crm9 forced", "crm1 crm9 too_big")),
]
