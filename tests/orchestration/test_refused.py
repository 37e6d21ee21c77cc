"""What cannot begin says so in one sentence, as an alert and in a report where there is a place for one; never in a traceback."""

import subprocess
import sys

import pytest

from ingestion import lake
from ingestion.accounts import REPOSITORY, SettingError
from orchestration import business_rules, dbt, exports, housekeeping, publish, refresh, report, versions


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """rules(text) puts the text into a file of rules that is in force."""

    def write(text):
        (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path / "rules.yml"))

    return write


@pytest.mark.parametrize(("text", "sentence"), [
    ("publishing: {versions_kept: five}\n", "rules.yml sets publishing.versions_kept to 'five'"),
    ("publishing: [", "rules.yml is no valid YAML"),
])
def test_a_refresh_with_a_wrong_rule_is_refused_told_and_reported(text, sentence, own_data, rules, webhook, monkeypatch, capsys):
    rules(text)
    monkeypatch.setattr(refresh, "refresh", lambda options: business_rules.read())  # as the first import of the schedules does
    assert refresh.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1
    assert [(alert["step"], alert["next_step"].rpartition("“")[2]) for alert in webhook] == [("before the run", "A setting is wrong”.")]
    left = list((own_data / "reports").glob("not-begun-*.txt"))
    assert [file.read_text(encoding="utf-8")[:3] for file in left] == ["RED"]


@pytest.mark.parametrize("is_link", [False, True])
def test_a_refresh_with_a_refused_data_folder_is_told_in_one_sentence(is_link, tmp_path, monkeypatch, webhook, capsys):
    folder = tmp_path / ("itself" if is_link else "a%20b")
    if is_link:
        folder.symlink_to(folder)
    monkeypatch.setenv("OMNIMART_DATA", str(folder))
    assert refresh.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"OMNIMART_DATA: {folder if is_link else f'the folder {folder}'} ")
    assert said.count("\n") == 1
    assert [alert["text"] for alert in webhook] == [said.strip()]
    with pytest.raises(SettingError):
        lake.data_root()


def test_a_file_of_rules_that_is_named_and_not_there_is_no_file_of_defaults(tmp_path, monkeypatch):
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path / "none.yml"))
    with pytest.raises(business_rules.RuleError, match=r"OMNIMART_BUSINESS_RULES: there is no file .*none\.yml"):
        business_rules.read()
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path))
    with pytest.raises(business_rules.RuleError, match="cannot be read"):
        business_rules.read()


def test_a_rollback_with_a_wrong_rule_changes_nothing(warehouse, rules, capsys):
    for night in (1, 2):
        warehouse([("o1", float(night))], refresh_id=f"night-{night}")
        publish.publish(f"night-{night}")
    before = versions.current()
    rules("publishing: {readable_by: grp}\n")
    for _ in range(2):
        assert publish.main(["rollback"]) == 1
        assert capsys.readouterr().err.startswith("rules.yml sets publishing.readable_by to 'grp', which cannot be")
    assert versions.current() == before


@pytest.mark.parametrize("command", [publish.main, housekeeping.main])
def test_a_command_says_who_has_the_warehouse_open(command, warehouse, capsys):
    warehouse()
    opened = "import sys, duckdb\nconnection = duckdb.connect(sys.argv[1])\nprint('open', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", opened, str(exports.warehouse())], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
        assert other.stdout.readline() == "open\n"
        assert command([]) == 1
        other.stdin.close()
    said = capsys.readouterr().err
    assert said.startswith(f"warehouse.duckdb is open for writing in process {other.pid} (")
    assert said.endswith("); ask again when it is closed.\n")


@pytest.mark.parametrize("command", [publish.main, housekeeping.main, dbt.main, report.at_a_terminal])
def test_a_command_with_a_refused_data_folder_says_so_in_one_sentence(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OMNIMART_DATA", str(tmp_path / "a%20b"))
    assert command([]) in (1, 2)
    said = capsys.readouterr().err
    assert said.startswith("OMNIMART_DATA: the folder ")
    assert said.count("\n") == 1


def test_a_report_reads_the_settings_file_and_whoever_reads_no_further_is_no_fault(own_data, tmp_path, monkeypatch):
    report.keep("GREEN\n" + "a line\n" * 100_000, "night-1")
    monkeypatch.delenv("OMNIMART_DATA")
    (tmp_path / "settings.env").write_text(f"OMNIMART_DATA={own_data}\n", encoding="utf-8")
    monkeypatch.setenv("OMNIMART_ENV_FILE", str(tmp_path / "settings.env"))
    with subprocess.Popen([sys.executable, "-m", "orchestration.report"], cwd=REPOSITORY, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as told:
        assert told.stdout.readline() == "GREEN\n"
        told.stdout.close()
        assert told.stderr.read() == ""
    assert told.returncode == 0
