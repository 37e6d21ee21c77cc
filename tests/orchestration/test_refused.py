"""What cannot begin says so in one sentence, as an alert and in a report where there is a place for one; never in a traceback."""

import pytest

from ingestion import lake
from ingestion.accounts import SettingError
from orchestration import business_rules, refresh


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
