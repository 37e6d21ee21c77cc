"""Compare the marts of a file with their recomputation: `python -m tests.recomputed <duckdb file> [mart …]`."""

import sys
from time import perf_counter

from orchestration import register
from tests.recomputed.comparison import differences
from tests.recomputed.families import recomputations
from tests.recomputed.tables import Tables


def main(file: str, *wanted: str) -> int:
    """Say for each mart what differs; the exit code is 1 when anything does."""
    tables, described, wrong = Tables(file), register.marts(), 0
    for name, recompute in recomputations().items():
        if wanted and name not in wanted:
            continue
        started = perf_counter()
        mine = recompute(tables)
        took = perf_counter() - started
        mart = described[name]
        told = differences(mine, tables[name], mart.grain)
        lacking = [column for column in (*mart.registered, *mart.parts) if column not in mine.columns]
        told += [f"not recomputed: {', '.join(lacking)}"] if lacking else []
        wrong += bool(told)
        print(f"{name}: {len(mine)} rows, {took:.1f} s, {'agrees' if not told else 'differs'}")
        for sentence in told:
            print("   ", sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
