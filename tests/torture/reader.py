"""A BI tool that never looks away: it opens what is published again and again, from before a crash until after the rerun.

    published/omnimart.duckdb, published/current/marts/*.parquet  ──►  one version, whole, at every look
"""

import threading
from pathlib import Path

import duckdb

PAUSE_SECONDS = 1.0
TABLE = "marts.publications"
# A version comes after the one that it names as its previous one; the clock of these worlds stands still.
NEWEST = f"where version not in (select previous_version from {TABLE} where previous_version is not null)"


class Reader(threading.Thread):
    """Looks until it is told to stop. `looks`: how often it saw a version; `versions`: which, in order; `wrong`: what it should not see."""

    def __init__(self, published: Path) -> None:
        super().__init__(daemon=True)
        self.published = published
        self.looks, self.versions, self.wrong = 0, [], []
        self._done = threading.Event()

    def __enter__(self) -> "Reader":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        """Look again and again."""
        while not self._done.is_set():
            try:
                self.look()
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
            self._done.wait(PAUSE_SECONDS)

    def look(self) -> None:
        """One look: the DuckDB file through its link, then the Parquet files of the version that `current` names."""
        file = self.published / "omnimart.duckdb"
        if not self.versions and not (self.published / "current").exists():
            return  # nothing has been published yet
        with duckdb.connect(str(file), read_only=True) as connection:
            version, tables, rows = connection.execute(f"select version, tables, rows from marts.publications {NEWEST}").fetchone()
            found = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
            names = [name for (name,) in found]
            counted = sum(connection.execute(f'select count(*) from marts."{name}"').fetchone()[0] for name in names)
        if (len(names), counted) != (tables, rows):
            self.wrong.append(f"{version}: {len(names)} tables of {tables}, {counted} rows of {rows}")
        folder = (self.published / "current").resolve()
        with duckdb.connect() as connection:
            parquet = sorted((folder / "marts").glob("*.parquet"))
            counted = sum(connection.execute(f"select count(*) from '{path}'").fetchone()[0] for path in parquet)
            told = f"(from '{folder}/marts/publications.parquet')"
            newest = NEWEST.replace(TABLE, "told")
            said, rows = connection.execute(f"with told as {told} select version, rows from told {newest}").fetchone()
        if counted != rows or said != folder.name:
            self.wrong.append(f"Parquet of {folder.name}: {counted} rows of {rows}, which calls itself {said}")
        self.looks += 1
        if self.versions[-1:] != [version]:
            self.versions.append(version)
