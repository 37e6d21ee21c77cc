"""Who may read a published version, whatever the umask of the process that published it."""

import os
import stat

import pytest

from orchestration import publish, versions

PERSONAL = ("contacts.duckdb", "history")


@pytest.fixture(params=[0o000, 0o077], ids=["umask 000", "umask 077"])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def readable_by(tmp_path, monkeypatch, who):
    file = tmp_path / "rules.yml"
    file.write_text(f"publishing: {{readable_by: {who}}}", encoding="utf-8")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(file))


def modes(root):
    found = (path for path in (root, *root.rglob("*")) if not path.is_symlink())
    return {path.relative_to(root).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in found}


@pytest.mark.parametrize(("who", "folder", "file"), [("owner", 0o700, 0o600), ("group", 0o750, 0o640), ("everybody", 0o755, 0o644)])
def test_the_marts_are_for_whom_the_rule_names_and_people_for_the_owner_alone(umask, who, folder, file, warehouse, tmp_path, monkeypatch):
    readable_by(tmp_path, monkeypatch, who)
    warehouse()
    publish.publish("night-1")
    found = modes(versions.published())
    personal = {name: mode for name, mode in found.items() if set(PERSONAL) & set(name.split("/"))}
    assert set(personal.values()) == {0o600, 0o700}
    shown = {name: mode for name, mode in found.items() if name not in personal and not name.startswith("told_")}
    folders = {name for name in shown if (versions.published() / name).is_dir()}
    assert {shown[name] for name in folders} == {folder}
    assert {mode for name, mode in shown.items() if name not in folders} == {file}
    assert len(folders) == 4  # published, versions, the version, its marts


def test_a_changed_rule_holds_without_news_and_after_going_back(warehouse, tmp_path, monkeypatch):
    readable_by(tmp_path, monkeypatch, "everybody")
    warehouse([("o1", 10.0)])
    first = publish.publish("night-1").version
    readable_by(tmp_path, monkeypatch, "owner")
    assert not publish.publish("night-1").flipped
    assert modes(versions.folder(first.version))["omnimart.duckdb"] == 0o600
    warehouse([("o1", 11.0)], refresh_id="night-2")
    publish.publish("night-2")
    readable_by(tmp_path, monkeypatch, "group")
    assert publish.main(["rollback"]) == 0
    assert modes(versions.folder(first.version))["omnimart.duckdb"] == 0o640


def test_new_versions_belong_to_the_group_of_the_folder(warehouse):
    versions.published().mkdir(parents=True)
    versions.published().chmod(0o2750)
    try:
        os.chown(versions.published(), -1, 54321)
    except PermissionError:
        pytest.skip("only root, or a member of the group, gives a folder to it")
    versions.published().chmod(0o2750)
    warehouse()
    version = versions.folder(publish.publish("night-1").version.version)
    shown = [version, version / "omnimart.duckdb", version / "marts" / "orders.parquet"]
    assert [(path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) for path in shown] == [(54321, 0o2750), (54321, 0o640), (54321, 0o640)]
