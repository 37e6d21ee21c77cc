"""File drop: a folder of CSV, JSON lines and Parquet files, for what has no API.

    <folder>/<dataset>/**/*.{csv,tsv,jsonl,ndjson,parquet}[.gz] ──► raw_file_drop ──► staging/file_drop

| resource | what | key of a document |
|---|---|---|
| one per dataset: channel_costs, survey_answers … (tables.py) | rows of files | `<dataset>/<file>:<n>` |
| strays | files that lie in no dataset's folder | the file |
| settings | the zone of times without an offset | `settings` |

The folder is a local path, an HTTP server's directory index or an object store (`ingestion/files.py`). tables.py declares the columns,
docs/file-drop.md shows them to those who write the files. A document holds the row and where it stood: file, line, the file's time. A CSV
value is landed as staging reads it (decimal point, ISO date); JSON lines are landed as they stand. Left out: workbooks (.xlsx), since a
cell's text depends on the program that shows it, and XML. A file is not deleted or moved after it was read: the folder is its owner's.

Run alone: `python -m ingestion.file_drop`.
"""

from ingestion.file_drop import source
from ingestion.file_drop.tables import TABLES
from ingestion.settings import FOLDER, Options, Told, Zone
from ingestion.vendor import Resource, Vendor

VENDOR = Vendor(
    name="file_drop",
    title="File drop",
    role="what has no API",
    url="docs/file-drop.md",
    resources=(
        *(Resource(table.name, "changes", table.meaning) for table in TABLES),
        Resource(source.STRAYS, "changes", "Files that lie in no dataset's folder"),
        Resource("settings", "changes", "The zone of the account's times without an offset"),
    ),
    source=source.file_drop,
    required_settings=("folder",),
    oldest=lambda account: None,
    settings={
        "folder": FOLDER, "storage_options": Options(), "timezone": Zone(),
        "encoding": Told(source.dialect_of), "delimiter": Told(source.dialect_of), "decimal": Told(source.dialect_of),
    },
)
