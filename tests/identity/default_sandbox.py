"""Identity measured on the default sandbox as `make refresh` left it: the table of docs/identity.md.

    $OMNIMART_DATA: warehouse.duckdb, sandbox/truth.parquet  ->  a table, and of each system's pairs how many are found

Reads only: `OMNIMART_DATA=<folder> .venv/bin/python -m tests.identity.default_sandbox` (seconds). What shared evidence allows is
counted as in test_identity_measured.py.
"""
from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measures import measure
from test_identity_measured import SERVICE_DESK, Resolved, allowed, read

from ingestion.lake import data_root


def shares_found(resolved: Resolved) -> pd.Series:
    """system -> of the pairs of one person's records with one of the system in it, the share that is one customer."""
    known = pd.DataFrame([(record, customer, resolved.truth[record], record.split(":")[0])
                          for record, customer in resolved.found.items() if record in resolved.truth],
                         columns=["record", "customer", "person", "system"])
    pairs = known.merge(known, on="person", suffixes=("", "_other"))
    pairs = pairs[pairs["record"] < pairs["record_other"]]
    together = pairs["customer"] == pairs["customer_other"]
    return pd.Series({system: together[(pairs["system"] == system) | (pairs["system_other"] == system)].mean()
                      for system in sorted(known["system"].unique())})


def main() -> None:
    """Print the table and the shares."""
    data = data_root()
    everyone = read(data / "warehouse.duckdb", pd.read_parquet(data / "sandbox" / "truth.parquet"))
    best = allowed(everyone)
    print("| | records | pairwise precision | pairwise recall | pairwise F1 | B-cubed F1 | what shared evidence allows: recall |")
    print("|---|---|---|---|---|---|---|")
    for population, left_out in (("all systems", ()), ("without help desk and call tracking", SERVICE_DESK)):
        one, most = (measure({record: customer for record, customer in customers.items() if not record.startswith(left_out)},
                             everyone.truth) for customers in (everyone.found, best))
        figures = (one.pairwise_precision, one.pairwise_recall, one.pairwise_f1, one.b_cubed_f1, most.pairwise_recall)
        print(f"| {population} | {one.records:,} | ".replace(",", " ") + " | ".join(f"{value:.5f}" for value in figures) + " |")
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        told = connection.execute("select profile_id, birth_date from intermediate.int_identity_profiles").df()
    told = told[told["profile_id"].isin(list(everyone.truth))]
    in_shop = told[~told["profile_id"].str.startswith(SERVICE_DESK)]
    print(f"\nWithout a birth date: {told['birth_date'].isna().mean():.0%} of the records, {in_shop['birth_date'].isna().mean():.0%} "
          "without help desk and call tracking")
    print("Of a person's pairs with one record in it, found: "
          + ", ".join(f"{system} {share:.0%}" for system, share in shares_found(everyone).items()))


if __name__ == "__main__":
    main()
