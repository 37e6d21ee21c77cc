"""The short form of `make torture ARGS=concurrency`: BI tools in processes of their own while versions are published and taken back."""

import pytest

from ingestion import lock
from orchestration import publish, versions
from tests.torture.readers import reading

STAMPS = {"orders": "amount::integer", "order_lines": "amount::integer"}
PUBLICATIONS = 12


@pytest.fixture
def nights(warehouse, own_data, tmp_path, monkeypatch):
    """nights(n) builds and publishes a warehouse whose tables all bear the number n; two versions are kept."""
    (tmp_path / "rules.yml").write_text("publishing: {versions_kept: 2}\n", encoding="utf-8")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path / "rules.yml"))

    def night(number):
        warehouse([(f"o{row}", number) for row in range(20)], refresh_id=f"night-{number}")
        with lock.refresh_lock(holder=lock.REFRESH):
            return publish.publish(f"night-{number}")

    return night


def test_five_readers_see_whole_versions_and_no_failure_while_versions_come_and_go(nights, own_data):
    nights(1)
    with reading(own_data / "published", STAMPS) as readers:
        for number in range(2, PUBLICATIONS):
            assert nights(number).flipped
            readers.let_each_look()
            if number == PUBLICATIONS // 2:
                with lock.refresh_lock(holder="publish"):
                    left, now = versions.roll_back()
                assert (left.refresh_id, now.refresh_id) == (f"night-{number}", f"night-{number - 1}")
                readers.let_each_look()
    assert readers.wrong == []
    assert readers.stamps == {str(number) for number in range(1, PUBLICATIONS)}
    assert readers.outlived >= 2
    assert len(list((own_data / "published" / "versions").iterdir())) == 2


def test_a_reader_who_follows_two_links_is_caught(nights, own_data):
    """What the readers look for can be found: the same tables of two versions."""
    nights(1)
    first = versions.current().version
    nights(2)
    (versions.folder(versions.current().version) / "marts" / "order_lines.parquet").write_bytes(
        (versions.folder(first) / "marts" / "order_lines.parquet").read_bytes())
    with reading(own_data / "published", STAMPS, ("parquet",)) as readers:
        pass
    assert readers.wrong[0] == "parquet: ['1', '2']"
