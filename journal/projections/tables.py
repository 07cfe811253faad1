"""The projections as SQL tables: their columns, in words, and how a row of a fold becomes a row of a table. Pure.

The tables can be dropped at any time; the next loop rebuilds them from the events. `docs/sql.md` is generated from here.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """`attribute` is where a row of the fold holds it, where that is not the column's own name."""

    name: str
    kind: str  # TEXT, INTEGER or REAL
    words: str
    attribute: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """One projection in SQL. `text` names the columns that full text covers: such a table is an FTS5 table."""

    name: str
    words: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    wide: bool = False  # rows hold long texts: they lie apart from the key
    indexes: tuple[tuple[str, ...], ...] = ()
    text: tuple[str, ...] = ()

    def values(self) -> Callable[[object], Values]:
        """Row of the fold -> values in the order of the columns."""
        return attrgetter(*(column.attribute or column.name for column in self.columns))

    def create(self) -> tuple[str, ...]:
        """The statements that create it."""
        if self.text:
            columns = ", ".join(quoted(c.name) + ("" if c.name in self.text else " UNINDEXED") for c in self.columns)
            return (f"CREATE VIRTUAL TABLE {self.name} USING fts5({columns}, tokenize = 'unicode61 tokenchars ''_''')",)
        columns = ", ".join(f"{quoted(column.name)} {column.kind}" for column in self.columns)
        key = ", ".join(map(quoted, self.key))
        kind = "STRICT" if self.wide else "STRICT, WITHOUT ROWID"
        return (
            f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({key})) {kind}",
            *(
                f"CREATE INDEX {self.name}_by_{names[0]}_{names[1]} ON {self.name} ({', '.join(map(quoted, names))})"
                for names in self.indexes
            ),
        )

    def upsert(self) -> str:
        """The statement that writes one row, new or changed."""
        places = ", ".join("?" * len(self.columns))
        if self.text:
            return f"INSERT INTO {self.name} VALUES ({places})"  # noqa: S608
        changed = [quoted(column.name) for column in self.columns if column.name not in self.key]
        sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
        key = ", ".join(map(quoted, self.key))
        return f"INSERT INTO {self.name} VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {sets}"  # noqa: S608


def quoted(name: str) -> str:
    """The name as SQL wants it; `commit` is a word of the language."""
    return f'"{name}"' if name == "commit" else name


def rows_of(rows: Iterable[object] | dict[Any, object]) -> Iterable[object]:
    """The rows of a fold, however it keeps them."""
    return rows.values() if isinstance(rows, dict) else rows


_SESSION = Column("session", "TEXT", "tag of the session")
_EXPERIMENT = Column("experiment", "INTEGER", "number of the experiment within its session; 0 is the baseline")

TABLES = (
    Table(
        name="experiments",
        words="One row per experiment: one idea, from proposal to verdict.",
        key=("session", "number"),
        wide=True,
        # covers the questions that count over a whole night, so that they read no texts
        indexes=(
            ("session", "status", "number", "delta", "gain_sigma", "train_seconds", "wall_seconds", "dollars"),
            ("kind", "status", "gain_sigma", "wall_seconds"),
        ),
        columns=(
            Column("number", "INTEGER", "from 1 within the session; 0 is the baseline"),
            _SESSION,
            Column("status", "TEXT", "keep, discard, crash, invalid or open"),
            Column("kind", "TEXT", "baseline, knob, architecture, optimizer, schedule, data, simplify, other"),
            Column("idea", "TEXT", "the proposal in one line"),
            Column("hypothesis", "TEXT", "why it should help"),
            Column("proposer", "TEXT", "who proposed it"),
            Column("model", "TEXT", "the language model, where one was asked"),
            Column("parent", "TEXT", "the commit that it stands on"),
            Column("commit", "TEXT", 'the commit that was run; a word of SQL, so write "commit" or [commit]'),
            Column("metric", "REAL", "mean over the candidate's runs; NULL where no run gave one"),
            Column("incumbent", "REAL", "the incumbent's metric before the verdict"),
            Column("delta", "REAL", "metric - incumbent"),
            Column("sigma", "REAL", "noise: σ of the metric on identical code, as known then"),
            Column("gain_sigma", "REAL", "improvement over σ; positive is better in the brief's direction"),
            Column("runs", "INTEGER", "trainings, re-runs included"),
            Column("train_seconds", "REAL", "seconds of training, all runs"),
            Column("wall_seconds", "REAL", "seconds of wall clock, all runs"),
            Column("peak_memory", "INTEGER", "bytes, the highest of its runs"),
            Column("tokens_in", "INTEGER", "tokens sent to the model, cached ones included"),
            Column("tokens_out", "INTEGER", "tokens that came back"),
            Column("dollars", "REAL", "US dollars; NULL where a price is unknown"),
            Column("proposed_at", "TEXT", "ISO 8601, UTC"),
            Column("decided_at", "TEXT", "ISO 8601, UTC; NULL while open"),
            Column("reason", "TEXT", "the verdict in words"),
        ),
    ),
    Table(
        name="runs",
        words="One row per run: one training of one commit with one seed.",
        key=("session", "experiment", "run"),
        wide=True,
        indexes=(("status", "failure"),),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("run", "INTEGER", "from 1 within the experiment"),
            Column("purpose", "TEXT", "candidate, baseline, replicate or incumbent"),
            Column("status", "TEXT", "running, finished or failed"),
            Column("seed", "INTEGER", "the run's seed"),
            Column("commit", "TEXT", "the commit that was run"),
            Column("metric", "REAL", "NULL where the run gave none"),
            Column("trust", "TEXT", "measured, self-reported, judged or imported"),
            Column(
                "failure",
                "TEXT",
                "crash, oom, nan, timeout, no_metric, tampered, … as in docs/events.md; NULL where it did not fail",
            ),
            Column("exit_code", "INTEGER", "negative: ended by that signal"),
            Column("signature", "TEXT", "the normalised last error, by which failures cluster"),
            Column("reason", "TEXT", "the failure in one sentence"),
            Column("budget", "REAL", "seconds of training allowed"),
            Column("train_seconds", "REAL", "seconds of training"),
            Column("wall_seconds", "REAL", "seconds from start to end"),
            Column("tokens", "INTEGER", "tokens trained on"),
            Column("steps", "INTEGER", "optimizer steps"),
            Column("peak_memory", "INTEGER", "bytes"),
            Column("device", "TEXT", "where it ran"),
            Column("isolation", "TEXT", "sandboxed, limited or none"),
            Column("started_at", "TEXT", "ISO 8601, UTC"),
            Column("finished_at", "TEXT", "ISO 8601, UTC; NULL while running"),
        ),
    ),
    Table(
        name="refusals",
        words="One row per proposal that the gate stopped before it cost a run.",
        key=("session", "experiment", "attempt"),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("attempt", "INTEGER", "from 1 within the experiment"),
            Column("rule", "TEXT", "the gate's rule"),
            Column("reason", "TEXT", "as told to the proposer"),
            Column("matched", "INTEGER", "the earlier experiment that it repeats"),
            Column("score", "REAL", "likeness to it, 0 to 1"),
            Column("idea", "TEXT", "the idea that was refused"),
            Column("refused_at", "TEXT", "ISO 8601, UTC"),
        ),
    ),
    Table(
        name="frontier",
        words="The running best: one row per keep, in order.",
        key=("position",),
        columns=(
            Column("position", "INTEGER", "of its ExperimentKept event"),
            _SESSION,
            _EXPERIMENT,
            Column("metric", "REAL", "the metric as judged"),
            Column("commit", "TEXT", "the kept commit"),
            Column("kept_at", "TEXT", "ISO 8601, UTC"),
        ),
    ),
    Table(
        name="knobs",
        words="One row per constant that an experiment moved: what was tried on which base, and what came of it.",
        key=("session", "experiment", "knob"),
        indexes=(("knob", "status", "gain_sigma"),),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("knob", "TEXT", "name of the constant"),
            Column("value", "TEXT", "as source text"),
            Column("old", "TEXT", "before, as source text"),
            Column("parent", "TEXT", "the commit that it was tried on"),
            Column("parent_experiment", "INTEGER", "the experiment of that commit"),
            Column("alone", "INTEGER", "1 where nothing else changed in that experiment"),
            Column("status", "TEXT", "open, refused, keep, discard, crash or invalid"),
            Column("metric", "REAL", "of the experiment"),
            Column("delta", "REAL", "metric - incumbent"),
            Column("gain_sigma", "REAL", "improvement over σ; positive is better"),
            Column("decided_at", "TEXT", "ISO 8601, UTC"),
        ),
    ),
    Table(
        name="failures",
        words="Full text over failed runs (FTS5): `SELECT … FROM failures WHERE failures MATCH 'memory' ORDER BY rank`.",
        text=("kind", "signature", "trace", "idea"),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("run", "INTEGER", "from 1 within the experiment"),
            Column("kind", "TEXT", "as runs.failure"),
            Column("signature", "TEXT", "the normalised last error"),
            Column("trace", "TEXT", "the tail of the output"),
            Column("idea", "TEXT", "the idea that failed"),
        ),
    ),
    Table(
        name="ideas",
        words="Full text over proposals (FTS5), refused ones included.",
        text=("idea", "hypothesis", "diff"),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("attempt", "INTEGER", "from 1 within the experiment"),
            Column("idea", "TEXT", "the proposal in one line"),
            Column("hypothesis", "TEXT", "why it should help"),
            Column("diff", "TEXT", "the change, as a unified diff on the parent"),
        ),
    ),
    Table(
        name="spend",
        words="What proposals cost, by session, proposer and model.",
        key=("session", "proposer", "model"),
        columns=(
            _SESSION,
            Column("proposer", "TEXT", "who was asked"),
            Column("model", "TEXT", "the language model, or empty"),
            Column("proposals", "INTEGER", "answers that held a proposal"),
            Column("failures", "INTEGER", "answers that held none, and calls that failed"),
            Column("calls", "INTEGER", "requests to the model"),
            Column("tokens_in", "INTEGER", "uncached input tokens"),
            Column("tokens_cache_read", "INTEGER", "input tokens read from the cache"),
            Column("tokens_cache_written", "INTEGER", "input tokens written to it"),
            Column("tokens_out", "INTEGER", "output tokens"),
            Column("dollars", "REAL", "US dollars; NULL where a price is unknown"),
            Column("seconds", "REAL", "seconds of waiting for answers"),
        ),
    ),
    Table(
        name="sessions",
        words="One row per session: one unattended night on one branch.",
        key=("session",),
        columns=(
            Column("session", "TEXT", "tag of the session", "tag"),
            Column("state", "TEXT", "open, paused or ended"),
            Column("reason", "TEXT", "why it is paused, or how it ended"),
            Column("goal", "TEXT", "from the brief"),
            Column("metric", "TEXT", "the metric's name"),
            Column("direction", "TEXT", "minimize or maximize"),
            Column("branch", "TEXT", "git branch of the kept commits"),
            Column("base", "TEXT", "the commit that the session stands on"),
            Column("incumbent", "TEXT", "the best kept commit"),
            Column("best", "REAL", "its metric"),
            Column("baseline", "REAL", "the baseline's metric"),
            Column("sigma", "REAL", "noise: σ of the metric on identical code"),
            Column("experiments", "INTEGER", "proposed, the baseline not counted"),
            Column("refusals", "INTEGER", "proposals that the gate stopped"),
            Column("dollars", "REAL", "US dollars; NULL where a price is unknown"),
            Column("profile", "TEXT", "the profile of constants, where one was written"),
            Column("host", "TEXT", "the machine"),
            Column("device", "TEXT", "where it trains"),
            Column("started_at", "TEXT", "ISO 8601, UTC"),
            Column("ended_at", "TEXT", "ISO 8601, UTC; NULL while it runs"),
        ),
    ),
    Table(
        name="directions",
        words="A human's steers, and what became of them.",
        key=("session", "direction"),
        columns=(
            _SESSION,
            Column("direction", "INTEGER", "from 1 within the session"),
            Column("text", "TEXT", "as written"),
            Column("author", "TEXT", "user@host"),
            Column("channel", "TEXT", "cli or tui"),
            Column("position", "INTEGER", "of its DirectionAdded event"),
            Column("added_at", "TEXT", "ISO 8601, UTC"),
            Column("acknowledged_at", "TEXT", "ISO 8601, UTC; NULL until the loop has seen it"),
            Column("outcome", "TEXT", "the loop's answer"),
            Column("withdrawn_at", "TEXT", "ISO 8601, UTC; NULL while it stands"),
        ),
    ),
)


def fingerprint() -> str:
    """Names this shape of the tables: a journal whose tables have another one rebuilds them."""
    text = "\n".join(statement for table in TABLES for statement in table.create())
    return hashlib.sha256(text.encode()).hexdigest()[:16]
