"""A view as a Parquet file. pyarrow is an extra and is imported only here, when such a file is asked for."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from journal.errors import JournalError

ROWS = 10_000  # of a group, which is built in memory and written as one


def write(rows: Iterator[tuple[Any, ...]], target: BinaryIO, *, kinds: Mapping[str, str]) -> None:
    """Write rows, their columns' names first, column by column; `kinds` are the types of SQL. Raises JournalError."""
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
