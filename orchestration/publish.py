"""Write, audit, publish: the only way to what readers see.

    warehouse.duckdb  ──►  gate  ──►  changed?  ──►  versions/<version>/  ──►  the link `current`

    python -m orchestration.publish            publish the warehouse as it stands, if the gate lets it
    python -m orchestration.publish rollback   back to the version before (`make rollback`)

When no business table differs from what is published, nothing flips. A refusal or a crash at any moment leaves the old
version where it was.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import duckdb

from ingestion import clock, lock
from ingestion.accounts import SettingError, read_env_file
from orchestration import audits, business_rules, exports, gate, holders, opt_outs, promises, readers, restatements, shortage, versions
from orchestration.contacts import standings
from orchestration.manifest import descriptions, manifest, published_inputs
from orchestration.versions import PublishError, Version


@dataclass(frozen=True)
class Outcome:
    """What publishing did: `version` is what readers see now; `flipped` says whether that is new; `sentence` tells it; `alert` is what
    was told of messages after an opt-out, and whether it could be sent."""

    version: Version
    flipped: bool
    changed: tuple[str, ...]
    sentence: str
    alert: str | None = None


class Refused(PublishError):
    """The gate stayed shut; the text says why, and that the old version is still published."""


def publish(refresh_id: str) -> Outcome:
    """Publish the warehouse if the gate opens and something changed. The caller holds the refresh lock.

    Raises Refused with every reason when an audit failed or a vendor was silent for too long.
    """
    before = versions.current()
    reasons = gate.reasons_to_refuse()
    if reasons:
        still = f"Version {before.version} stays published" if before else "Nothing has been published yet"
        if before:
            opt_outs.tell(before, refresh_id)  # what could not be told waits for no gate
        raise Refused(f"Not published. {still}. " + " ".join(reasons))
    promises.let_through()
    with exports.reading() as connection:
        prints = exports.fingerprints(connection)
        changed = tuple(
            sorted(
                name
                for name in prints.keys() | (before.fingerprints if before else {}).keys()
                if not before or prints.get(name) != before.fingerprints.get(name)
            )
        )
        if before and not changed:
            versions.prune(business_rules.read().publishing.versions_kept)  # whoever published this may have died before
            readers.admit(versions.folder(before.version), business_rules.read().publishing.readable_by)
            unchanged = f"No business table changed, so version {before.version} stays published."
            return Outcome(before, False, (), unchanged, opt_outs.tell(before, refresh_id))
        version = _write(connection, refresh_id, before, prints, changed)
    return Outcome(
        version,
        True,
        changed,
        f"Version {version.version} is published: {version.tables} tables, "
        f"{f'{version.rows:,}'.replace(',', ' ')} rows; the content of {len(changed)} tables changed.",
        opt_outs.tell(version, refresh_id),
    )


def _write(
    connection: duckdb.DuckDBPyConnection, refresh_id: str, before: Version | None, prints: dict[str, str], changed: tuple[str, ...]
) -> Version:
    now = clock.now()
    name = _name(f"{now:%Y%m%dT%H%M%SZ}-{refresh_id[:8]}", exports.versions_told(connection))
    stale = "; ".join(standing.sentence() for standing in standings() if standing.is_stale)
    publication = {
        "version": name,
        "published_at": now.replace(tzinfo=None),
        "refresh_id": refresh_id,
        "audits_passed": gate.audits_passed(),
        "previous_version": before.version if before else None,
        "stale_sources": stale or None,
    }
    building = versions.start(name)
    words = descriptions()
    lineage = restatements.Lineage(manifest())
    added = {restatements.TABLE: restatements.find(connection, lineage, before, changed, name)}
    tables, rows = exports.business_database(connection, building, words=words, publication=publication, added=added)
    exports.contacts_database(connection, building, words=words)
    exports.history(connection, building, published_inputs())
    card = Version(
        version=name,
        published_at=now.isoformat(),
        refresh_id=refresh_id,
        previous_version=before.version if before else None,
        tables=tables,
        rows=rows,
        audits_passed=publication["audits_passed"],
        stale_sources=stale,
        fingerprints=prints,
        definitions=lineage.definitions(),
        as_of=(exports.as_of(connection) or now).isoformat(),
    )
    rules = business_rules.read().publishing
    versions.finish(building, card, keep=rules.versions_kept, readable_by=rules.readable_by)
    return card


def _name(wanted: str, told: frozenset[str]) -> str:
    """A version's folder never had another content before, nor had one that is gone: a second publication of one refresh gets a number."""
    name, number = wanted, 1
    while versions.folder(name).exists() or name in told:
        number += 1
        name = f"{wanted}-{number}"
    return name


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    if arguments not in ([], ["rollback"]):
        print(__doc__)
        return 2
    read_env_file()
    try:
        rules = business_rules.read().publishing  # before anything is changed
        with lock.refresh_lock(wait_seconds=5, holder="publish"):
            versions.sweep()
            if arguments:
                left, now = versions.roll_back()
                readers.admit(versions.folder(now.version), rules.readable_by)
                print(
                    f"Version {now.version} is published again; {left.version} was left. The next refresh that brings changes, "
                    "or finds what it built to differ, publishes a new version."
                )
            else:
                print(publish(audits.newest_build() or "by-hand").sentence)
    except (PublishError, lock.RefreshRunning, business_rules.RuleError, SettingError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except Exception as error:
        if said := shortage.sentence(error) or holders.sentence(error):
            print(said, file=sys.stderr)
            return 1
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
