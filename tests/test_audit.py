"""The audit of dependencies: what fails, what is waived and until when, and what a registry that tells nothing proves."""

import json
from datetime import date

import pytest

from tests import audit

FLAW = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"], "fix_versions": ["2.1"], "description": "…"}
TOLD = json.dumps({"dependencies": [{"name": "left", "version": "2.0", "vulns": [FLAW]}, {"name": "right", "version": "1.0", "vulns": []},
                                    {"name": "ours", "skip_reason": "Dependency not found"}], "fixes": []})
TODAY = date(2026, 11, 23)


def waiver(package: str = "left", until: str = "2026-11-23") -> dict:
    return audit.waivers(f'[CVE-2026-0001]\npackage = "{package}"\nuntil = {until}\nreason = "in a part that is not imported"\n')


def test_a_known_vulnerability_fails_and_says_what_mends_it(capsys):
    left, wrong = audit.judged(audit.read(TOLD, ""), {}, today=TODAY)
    assert ([str(known) for known in left], wrong) == (
        ["left 2.0: PYSEC-2026-1, CVE-2026-0001, GHSA-aaaa-bbbb-cccc, mended in 2.1"], [])
    assert "does not know them: ours." in capsys.readouterr().out


def test_a_waiver_holds_until_its_last_day_for_its_package_alone():
    found = audit.read(TOLD, "")
    assert audit.judged(found, waiver(), today=TODAY) == ([], [])
    assert audit.judged(found, waiver(until="2026-11-22"), today=TODAY) == (
        [*found], ["audit-waivers.toml: CVE-2026-0001 was waived until 2026-11-22"])
    assert audit.judged(found, waiver("right"), today=TODAY)[0] == [*found]
    assert audit.judged(set(), waiver(), today=TODAY) == ([], ["audit-waivers.toml: nothing needs CVE-2026-0001 any more; take it out"])


@pytest.mark.parametrize("text", ['[CVE-1]\npackage = "left"\nuntil = 2026-12-01\n', '[CVE-1]\npackage = "left"\nreason = "why"\n',
                                  '[CVE-1]\nuntil = 2026-12-01\nreason = "why"\n',
                                  '[CVE-1]\npackage = "a"\nuntil = "soon"\nreason = "b"\n'])
def test_a_waiver_without_a_reason_or_an_end_is_none(text):
    with pytest.raises(ValueError, match="needs a package, a reason and a last day"):
        audit.waivers(text)


@pytest.mark.parametrize(("told", "why"), [
    ("", "ended without an answer"), ("<html>", "ended without an answer"),
    (json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found"}]}), "knows none of 1 packages"),
    (json.dumps({"dependencies": []}), "knows none of 0 packages"),
])
def test_a_registry_that_tells_nothing_proves_nothing(told, why):
    with pytest.raises(audit.Unreachable, match=why):
        audit.read(told, "ConnectionError")


def test_where_it_cannot_be_asked_that_is_said_and_nothing_fails(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(audit, "AUDITOR", tmp_path / "no-python")
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("Dependencies were not audited: pip-audit did not run (FileNotFoundError).")


def test_the_waivers_that_are_committed_can_be_read():
    audit.waivers((audit.HOUSE / "audit-waivers.toml").read_text(encoding="utf-8"))
