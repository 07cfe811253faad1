"""Results on stdout: an aligned table for people; CSV, TSV or JSON for programs."""

import csv
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from journal.console.terminal import TextSink, print_note, print_text
from journal.console.text import one_line
from journal.query.sql import QueryResult, Value

MAX_WIDTH = 60  # characters of a cell in a table


class OutputFormat(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print_text(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_result(result: QueryResult, *, output_format: OutputFormat, max_width: int = MAX_WIDTH) -> None:
    """Print a result, a table with cells of at most `max_width` characters; a note on stderr says if rows are missing."""
    if output_format is OutputFormat.JSON:
        rows = (dict(zip(result.columns, map(_jsonable, row), strict=True)) for row in result.rows)
        print_text(json.dumps(list(rows), indent=2, ensure_ascii=False, allow_nan=False))
    elif output_format is OutputFormat.TABLE:
        _print_table(result, max_width)
    else:
        dialect = "excel-tab" if output_format is OutputFormat.TSV else "excel"
        writer = csv.writer(TextSink(), dialect=dialect, lineterminator="\n")
        writer.writerows([result.columns, *result.rows])
    if result.truncated:
        print_note(f"Note: {result.truncated}.")


def _print_table(result: QueryResult, max_width: int) -> None:
    names = [one_line(name, width=max_width) for name in result.columns]
    cells = [[_cell(value, max_width) for value in row] for row in result.rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    to_right = [_is_numeric(column) for column in zip(*result.rows, strict=True)] or [False] * len(widths)
    print_text(_aligned(names, widths, to_right))
    print_text("  ".join("─" * width for width in widths))
    for row in cells:
        print_text(_aligned(row, widths, to_right))


def _aligned(cells: Sequence[str], widths: list[int], to_right: list[bool]) -> str:
    aligned = (
        cell.rjust(width) if on_right else cell.ljust(width)
        for cell, width, on_right in zip(cells, widths, to_right, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _is_numeric(column: Sequence[Value]) -> bool:
    return all(isinstance(value, int | float) or value is None for value in column)


def _cell(value: Value, max_width: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(str(value), width=max_width)


def _jsonable(value: Value) -> Any:
    if isinstance(value, float) and value not in {float("inf"), float("-inf")}:
        return value
    return value if isinstance(value, int | str) or value is None else str(value)
