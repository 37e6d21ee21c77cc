"""The rows of a Parquet file, no more of them in memory than it may hold: a kilobyte can tell of gigabytes.

    file ──► `Rows` ──► row by row, as dicts

A text that a million rows repeat is stored once, and numbers that are all alike hardly at all. So texts are read as the file holds them,
once, and are written out for as many rows at a time as fit; what the file says of its own size is judged before anything is read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.unpacking import TooLarge, largest_of

ROWS_AT_ONCE = 20_000
BYTES_AT_ONCE = 64 << 20
# Lists in one row: more values than so many are no row of a table.
VALUES_A_ROW = 10
LARGEST_TEXT = 1 << 30  # of all rows as they are landed; a file of more than a two hundredth of it may hold more


class Rows:
    """A Parquet file's rows. names: its columns. Raises pyarrow's errors, OSError, and TooLarge for what no table holds."""

    def __init__(self, plain: Path, *, packed_bytes: int) -> None:
        self._file = pq.ParquetFile(plain, read_dictionary=_texts(pq.read_schema(plain)))
        self.names: list[str] = self._file.schema_arrow.names
        told = self._file.metadata
        groups = [told.row_group(number) for number in range(told.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > largest_of(packed_bytes):
            raise TooLarge(f"it unpacks to more than {largest_of(packed_bytes) >> 20} MB")
        for group in groups:
            for chunk in (group.column(place) for place in range(group.num_columns)):
                if chunk.num_values > VALUES_A_ROW * max(group.num_rows, 1000):
                    raise TooLarge(f"its column {chunk.path_in_schema} holds {chunk.num_values} values in {group.num_rows} rows")
        nested = any(pa.types.is_nested(field.type) for field in self._file.schema_arrow)
        largest = max((group.total_byte_size for group in groups), default=1)
        # Texts in lists cannot be read as they are held.
        self._at_once = max(1, min(ROWS_AT_ONCE, BYTES_AT_ONCE // (VALUES_A_ROW * max(largest, 1)))) if nested else ROWS_AT_ONCE
        self._left = max(LARGEST_TEXT, largest_of(packed_bytes))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self._file.iter_batches(self._at_once):
            step = max(1, int(len(batch) * BYTES_AT_ONCE / max(_written_out(batch), BYTES_AT_ONCE)))
            for start in range(0, len(batch), step):
                yield from batch.slice(start, step).to_pylist()

    def landed(self, text: str) -> str:
        """The row's text as it stands; raises TooLarge when all of them came to more than a file of that size may hold."""
        self._left -= len(text)
        if self._left < 0:
            raise TooLarge("its rows come to far more than it weighs")
        return text


def _texts(schema: pa.Schema) -> list[str]:
    held = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return [field.name for field in schema if any(kind(field.type) for kind in held)]


def _written_out(batch: pa.RecordBatch) -> int:
    """Bytes that the batch's texts take when each row has its own."""
    held = (column for column in batch.columns if pa.types.is_dictionary(column.type))
    return sum(pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0 for column in held)
