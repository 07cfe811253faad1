"""What earlier experiments left in the journal, as text for a proposer: changes, errors, curves, experiments by words.

Texts are cut and without secrets. Every function raises JournalError if the journal cannot be read.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from journal.errors import JournalError
from journal.events import IdeaProposed, RunFailed, RunStarted, experiment_stream
from journal.query.full_text import search_ideas
from journal.secret_scan import redact
from journal.store import Reader, Sample

CHARACTERS = 12_000  # of a change or of an error's output
POINTS = 24  # of a run's curve
TRIED = 100  # the latest experiments that an agent's folder shows
SIMILAR = 8  # experiments
COLUMNS = ("experiment", "run", "step", "seconds", "progress", "loss", "tokens")


class Attempt(NamedTuple):
    """One experiment; `trace` is empty if none of its runs failed, `curve` has a row per point in the order of COLUMNS."""

    diff: str
    trace: str
    curve: list[tuple[float | int | None, ...]]


def attempt(reader: Reader, session: str, experiment: int) -> Attempt | None:
    """What an experiment of a session left; None if there is none of that number."""
    events = [recorded.event for recorded in reader.stream(experiment_stream(session, experiment))]
    ideas = [event for event in events if isinstance(event, IdeaProposed)]
    failures = [event for event in events if isinstance(event, RunFailed)]
    runs = [event.run for event in events if isinstance(event, RunStarted)]
    if not ideas:
        return None
    curve = [row for run in runs for row in _curve(reader, session, experiment, run)]
    return Attempt(_cut(ideas[-1].diff), _trace(failures[-1]) if failures else "", curve)


def one_attempt(journal: Path, session: str, experiment: int) -> Attempt | None:
    with closing(Reader(journal)) as reader:
        return attempt(reader, session, experiment)


def table(rows: Sequence[tuple[float | int | None, ...]]) -> str:
    """Points of curves as tab-separated values with a header."""
    lines = ["\t".join("" if value is None else f"{value:.6g}" for value in row) for row in rows]
    return "\n".join(["\t".join(COLUMNS), *lines]) + "\n"


def similar(journal: Path, words: str) -> str:
    """The experiments whose idea, hypothesis or change shares words with a text, a JSON row each."""
    found = search_ideas(journal, words, limit=SIMILAR)
    rows = [msgspec.json.encode(row).decode() for row in [found.columns, *found.rows]]
    return redact("\n".join(rows))


def write_tried(journal: Path, folder: Path, *, session: str, before: int) -> None:
    """Write the latest experiments before a number: N.patch, N.trace of a failed run, curves.tsv. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    curves: list[tuple[float | int | None, ...]] = []
    for number, found in _latest(journal, session, before):
        curves += found.curve
        (folder / f"{number}.patch").write_text(found.diff, encoding="utf-8")
        if found.trace:
            (folder / f"{number}.trace").write_text(found.trace, encoding="utf-8")
    (folder / "curves.tsv").write_text(table(curves), encoding="utf-8")


def _latest(journal: Path, session: str, before: int) -> Iterator[tuple[int, Attempt]]:
    """A journal that cannot be read costs an agent its history and no proposal."""
    with suppress(JournalError), closing(Reader(journal)) as reader:
        for number in range(max(1, before - TRIED), before):
            if found := attempt(reader, session, number):
                yield number, found


def _curve(reader: Reader, session: str, experiment: int, run: int) -> list[tuple[float | int | None, ...]]:
    """Points at equal distances, the last one included."""
    samples = reader.samples(session, experiment, run=run)
    stride = max(1, -(-len(samples) // POINTS))
    return [_row(sample) for sample in samples[::-1][::stride][::-1]]


def _row(sample: Sample) -> tuple[float | int | None, ...]:
    return tuple(getattr(sample, name) for name in COLUMNS)


def _trace(failure: RunFailed) -> str:
    text = redact(failure.trace or failure.reason)
    return f"{failure.kind}: {failure.reason}\n\n{text[-CHARACTERS:]}\n"


def _cut(diff: str) -> str:
    text = redact(diff)
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}\n(cut)\n"
