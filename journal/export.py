"""The journal in other people's forms: JSON Lines that carry everything, and tables of results. Pure, but for reading.

`results.tsv` in five columns is autoresearch's (github.com/karpathy/autoresearch): commit, val_bpb, memory_gb, status,
description. A crash has an empty metric here: the zero that is customary there would win every comparison.
"""

from collections.abc import Iterable, Iterator
from typing import Any, get_type_hints

import msgspec

from journal.errors import JournalError
from journal.events import session_stream
from journal.projections.experiments import Experiment
from journal.projections.tables import TABLES
from journal.recorded import Sample
from journal.store import Reader, Row

FIVE = ("commit", "val_bpb", "memory_gb", "status", "description")
SEVEN = ("iteration", "change", "before", "after", "success", "kept", "commit")
GB = 1024**3
KINDS = {str: "TEXT", int: "INTEGER", int | None: "INTEGER", float: "REAL", float | None: "REAL"}
# the name of a view -> its columns, in order -> their types in SQL
VIEWS = {table.name: {column.name: column.kind for column in table.columns} for table in TABLES} | {
    "samples": {name: KINDS[hint] for name, hint in get_type_hints(Sample).items()}
}


class Line(msgspec.Struct, kw_only=True):
    """An event as a line of JSON; `payload` keeps its stored bytes, on which the hash depends."""

    position: int
    recorded_at: str
    stream: str
    version: int
    type: str
    schema: int
    idempotency: str | None
    payload: msgspec.Raw
    hash: str


class Point(Sample, frozen=True, array_like=True):
    """A point of telemetry as an array, in the order of the table's columns."""


class SampleLine(msgspec.Struct, kw_only=True):
    """A point of telemetry as a line of JSON."""

    sample: Point


_encoder = msgspec.json.Encoder()
_line = msgspec.json.Decoder(Line)
_sample = msgspec.json.Decoder(SampleLine)


def lines(reader: Reader) -> Iterator[bytes]:
    """Every event, then every sample, one JSON object a line."""
    for row in reader.rows():
        position, at, stream, version, name, schema, key, payload, digest = row
        line = Line(
            position=position, recorded_at=at, stream=stream, version=version, type=name, schema=schema,
            idempotency=key, payload=msgspec.Raw(payload.encode()), hash=digest,
        )  # fmt: skip
        yield _encoder.encode(line)
    for sample in reader.all_samples():
        yield _encoder.encode({"sample": sample})


def rows(text: Iterable[bytes]) -> Iterator[Row]:
    """The stored rows of exported lines. Raises JournalError for a line that is none; telemetry passes by."""
    for number, line in enumerate(text, start=1):
        if line.strip() and not line.startswith(b'{"sample"'):
            found = _decode(_line, line, number)
            payload = bytes(found.payload).decode()
            yield (
                found.position, found.recorded_at, found.stream, found.version, found.type,
                found.schema, found.idempotency, payload, found.hash,
            )  # fmt: skip


def samples(text: Iterable[bytes]) -> Iterator[Sample]:
    """The telemetry of exported lines. Raises JournalError for a line that is none."""
    for number, line in enumerate(text, start=1):
        if line.startswith(b'{"sample"'):
            yield _decode(_sample, line, number).sample


def five_columns(experiments: Iterable[Experiment]) -> Iterator[tuple[str, ...]]:
    """The rows of results.tsv as autoresearch writes it, header first."""
    yield FIVE
    for row in experiments:
        if row.status != "open":
            memory = f"{row.peak_memory / GB:.1f}" if row.peak_memory is not None else ""
            yield (_short(row.commit), _metric(row.metric), memory, row.status, _cell(row.idea))


def seven_columns(experiments: Iterable[Experiment]) -> Iterator[tuple[str, ...]]:
    """iteration, change, before, after, success (it ran), kept, commit; header first."""
    yield SEVEN
    for row in experiments:
        if row.status != "open":
            ran, kept = row.metric is not None, row.status == "keep"
            yield (
                str(row.number), _cell(row.idea), _metric(row.incumbent), _metric(row.metric),
                str(ran).lower(), str(kept).lower(), _short(row.commit),
            )  # fmt: skip


def view(reader: Reader, name: str, *, session: str | None = None) -> Iterator[tuple[Any, ...]]:
    """One of the tables that docs/sql.md tells of, whole or of one session, as of one moment; header first.

    Raises JournalError for another name, for a session that is not there, or where the tables are not built.
    """
    if name not in VIEWS:
        raise JournalError(f"No view is called {name}: {', '.join(VIEWS)} are.")
    if not reader.projected():
        raise JournalError("The tables of the projections are not built: run `ar-journal rebuild` first.")
    if session is not None and not reader.stream(session_stream(session)):
        raise JournalError(f"There is no session {session}: `--view sessions` shows what there is.")
    columns = tuple(VIEWS[name])
    yield columns
    at = columns.index("session")
    with reader.snapshot():
        yield from (row for row in reader.table(name) if session in {None, row[at]})


def _decode(decoder: Any, line: bytes, number: int) -> Any:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise JournalError(f"Line {number} is no exported event: {error}.") from error


def _short(commit: str | None) -> str:
    return commit[:7] if commit else ""


def _metric(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _cell(text: str) -> str:
    return " ".join(text.split())
