"""Answers on stdout: an aligned table for people, CSV, TSV or JSON for programs."""

import csv
import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from journal.console.text import one_line
from journal.query.sql import QueryResult, Value

WIDEST = 60  # characters of a cell in a table


class Form(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"


def narrate(words: str) -> None:
    """A word to the person; stdout is data."""
    print(words, file=sys.stderr)


def print_json(value: Any) -> None:
    """One JSON document."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_answer(answer: QueryResult, *, form: Form, widest: int = WIDEST) -> None:
    """The answer in the form asked for, a table's cells at most `widest` characters; rows cut off are said on stderr."""
    if form is Form.JSON:
        rows = (dict(zip(answer.columns, map(_jsonable, row), strict=True)) for row in answer.rows)
        print(json.dumps(list(rows), indent=2, ensure_ascii=False, allow_nan=False))
    elif form is Form.TABLE:
        _print_table(answer, widest)
    else:
        writer = csv.writer(sys.stdout, dialect="excel-tab" if form is Form.TSV else "excel", lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    if answer.truncated:
        narrate(f"Note: {answer.truncated}.")


def _print_table(answer: QueryResult, widest: int) -> None:
    cells = [[_cell(value, widest) for value in row] for row in answer.rows]
    widths = [max(map(len, column)) for column in zip(answer.columns, *cells, strict=True)]
    right = [_numeric(column) for column in zip(*answer.rows, strict=True)] or [False] * len(widths)
    print(_aligned(answer.columns, widths, right))
    print("  ".join("─" * width for width in widths))
    for row in cells:
        print(_aligned(row, widths, right))


def _aligned(cells: Sequence[str], widths: list[int], right: list[bool]) -> str:
    aligned = (
        cell.rjust(width) if on_right else cell.ljust(width)
        for cell, width, on_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _numeric(column: Sequence[Value]) -> bool:
    return all(isinstance(value, int | float) or value is None for value in column)


def _cell(value: Value, widest: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(str(value), width=widest)


def _jsonable(value: Value) -> Any:
    if isinstance(value, float) and value not in {float("inf"), float("-inf")}:
        return value
    return value if isinstance(value, int | str) or value is None else str(value)
