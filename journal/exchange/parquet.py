"""A view as a Parquet file. pyarrow is an optional dependency, imported only when such a file is written."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from journal.errors import JournalError

ROWS = 10_000  # per row group, which is built in memory


def write(rows: Iterator[tuple[Any, ...]], target: BinaryIO, *, kinds: Mapping[str, str]) -> None:
    """Write rows, of which the first holds the column names. `kinds` maps a column to its SQL type. Raises JournalError."""
    try:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise JournalError("Parquet needs pyarrow: `pip install 'ar-loop[data]'`.") from error
    types = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64()}
    schema = pa.schema([(name, types[kinds[name]]) for name in next(rows)])
    with parquet.ParquetWriter(target, schema) as writer:
        while group := list(islice(rows, ROWS)):
            columns = map(pa.array, zip(*group, strict=True), schema.types)
            writer.write_table(pa.table(list(columns), schema=schema))
