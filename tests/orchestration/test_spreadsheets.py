"""What is written for a spreadsheet holds no formula of a vendor's."""

import csv

from dbt_metricflow.cli.main import cli

from orchestration.metrics import defuse_answer

ROWS = [["campaign__name", "revenue"], ["=cmd|' /C calc'!A0", "-12.5"], ["+7 916 123", "+1e3"], ["@SUM(A1)", ".5"], ["-2+3", "12,345"],
        ["\t=1", ""], ["\r=1", "1"], ["a=b", "Осень, \"2026\"\nвторая"]]
HARMLESS = [["campaign__name", "revenue"], ["'=cmd|' /C calc'!A0", "-12.5"], ["'+7 916 123", "+1e3"], ["'@SUM(A1)", ".5"],
            ["'-2+3", "12,345"], ["'\t=1", ""], ["'\r=1", "1"], ["a=b", "Осень, \"2026\"\nвторая"]]


def test_an_answer_as_csv_holds_no_formula_and_its_numbers_stay_numbers(tmp_path):
    file = tmp_path / "answer.csv"
    with file.open("w", newline="") as told:
        csv.writer(told).writerows(ROWS)
    defuse_answer(cli.commands["query"], ["--metrics", "revenue", "--csv", str(file)])
    with file.open(newline="") as told:
        assert list(csv.reader(told)) == HARMLESS
    assert [path.name for path in tmp_path.iterdir()] == ["answer.csv"]
