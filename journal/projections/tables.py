"""The projections as SQL tables. Pure.

The tables can be dropped at any time: the next loop rebuilds them from the events. `docs/sql.md` is generated from here.
"""

import hashlib

from journal.projections.table import Column, Table

_SESSION = Column("session", "TEXT", "tag of the session")
_EXPERIMENT = Column("experiment", "INTEGER", "number of the experiment within its session; 0 is the baseline")

TABLES = (
    Table(
        name="experiments",
        description="One row per experiment: one idea from proposal to verdict.",
        key=("session", "number"),
        wide=True,
        # covering indexes: queries that count over a whole session read no texts
        indexes=(
            ("session", "status", "number", "wall_seconds", "dollars", "train_seconds", "delta", "gain_sigma"),
            ("session", "proposer", "model", "status", "wall_seconds"),
            ("kind", "status", "gain_sigma", "wall_seconds"),
        ),
        columns=(
            Column("number", "INTEGER", "number within the session, from 1; 0 is the baseline"),
            _SESSION,
            Column("status", "TEXT", "keep, discard, crash, invalid or open"),
            Column(
                "kind", "TEXT", "baseline, ablation, knob, architecture, optimizer, schedule, data, simplify, other"
            ),
            Column("idea", "TEXT", "the proposal in one line"),
            Column("hypothesis", "TEXT", "why it should help"),
            Column("proposer", "TEXT", "who proposed it"),
            Column("model", "TEXT", "the language model; NULL if the proposer uses none"),
            Column("parent", "TEXT", "the commit that the change applies to"),
            Column("commit", "TEXT", 'the commit that ran; a keyword of SQL, so write "commit" or [commit]'),
            Column("metric", "REAL", "mean over the candidate's runs; NULL if no run gave one"),
            Column("incumbent", "REAL", "the incumbent's metric before the verdict"),
            Column("delta", "REAL", "metric - incumbent"),
            Column("sigma", "REAL", "noise: σ of the metric on identical code, as measured at the time"),
            Column("gain_sigma", "REAL", "improvement / σ; positive is better in the brief's direction"),
            Column("runs", "INTEGER", "number of runs, with re-runs"),
            Column("train_seconds", "REAL", "seconds of training in all runs"),
            Column("wall_seconds", "REAL", "seconds of wall clock in all runs"),
            Column("peak_memory", "INTEGER", "bytes, the maximum of its runs"),
            Column("tokens_in", "INTEGER", "tokens sent to the model, with cached ones"),
            Column("tokens_out", "INTEGER", "tokens of the model's answers"),
            Column("dollars", "REAL", "US dollars; NULL if a price is unknown"),
            Column("proposed_at", "TEXT", "ISO 8601, UTC"),
            Column("decided_at", "TEXT", "ISO 8601, UTC; NULL while open"),
            Column("reason", "TEXT", "the reason of the verdict in one sentence"),
        ),
    ),
    Table(
        name="runs",
        description="One row per run: one training of one commit with one seed.",
        key=("session", "experiment", "run"),
        wide=True,
        indexes=(("status", "failure"),),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("run", "INTEGER", "number within the experiment, from 1"),
            Column("purpose", "TEXT", "candidate, baseline, replicate or incumbent"),
            Column("status", "TEXT", "running, finished or failed"),
            Column("seed", "INTEGER", "the run's seed"),
            Column("commit", "TEXT", "the commit that ran"),
            Column("metric", "REAL", "NULL if the run gave none"),
            Column("trust", "TEXT", "measured, self-reported, judged or imported"),
            Column(
                "failure",
                "TEXT",
                "crash, oom, nan, timeout, no_metric, tampered, … as in docs/events.md; NULL if it did not fail",
            ),
            Column("exit_code", "INTEGER", "negative: the number of the signal that ended it"),
            Column("signature", "TEXT", "the normalised last error, which groups failures"),
            Column("reason", "TEXT", "the failure in one sentence"),
            Column("budget", "REAL", "seconds of training allowed"),
            Column("train_seconds", "REAL", "seconds of training"),
            Column("wall_seconds", "REAL", "seconds from start to end"),
            Column("tokens", "INTEGER", "tokens trained on"),
            Column("steps", "INTEGER", "optimizer steps"),
            Column("peak_memory", "INTEGER", "bytes"),
            Column(
                "numbers",
                "TEXT",
                "other numbers of the run that guards check, as a JSON object; NULL if there are none",
            ),
            Column("device", "TEXT", "the device that it ran on"),
            Column("isolation", "TEXT", "sandboxed, limited or none"),
            Column("started_at", "TEXT", "ISO 8601, UTC"),
            Column("finished_at", "TEXT", "ISO 8601, UTC; NULL while running"),
        ),
    ),
    Table(
        name="refusals",
        description="One row per proposal that the gate refused before it cost a run.",
        key=("session", "experiment", "attempt"),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("attempt", "INTEGER", "number within the experiment, from 1"),
            Column("rule", "TEXT", "the gate's rule"),
            Column("reason", "TEXT", "the sentence that the proposer reads"),
            Column("matched", "INTEGER", "the earlier experiment that it repeats"),
            Column("score", "REAL", "similarity to it, 0 to 1"),
            Column("idea", "TEXT", "the idea that was refused"),
            Column("refused_at", "TEXT", "ISO 8601, UTC"),
        ),
    ),
    Table(
        name="frontier",
        description="The incumbents in order: one row per keep, and per move of the incumbent by a person.",
        key=("position",),
        columns=(
            Column("position", "INTEGER", "position of its ExperimentKept or IncumbentMoved event"),
            _SESSION,
            _EXPERIMENT,
            Column("metric", "REAL", "the metric in its verdict"),
            Column("commit", "TEXT", "the incumbent's commit"),
            Column("kept_at", "TEXT", "ISO 8601, UTC"),
        ),
    ),
    Table(
        name="knobs",
        description="One row per constant that an experiment changed: its value, its base and the verdict.",
        key=("session", "experiment", "knob"),
        indexes=(("knob", "session", "experiment", "status", "gain_sigma"),),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("knob", "TEXT", "name of the constant"),
            Column("value", "TEXT", "new value as source text"),
            Column("old", "TEXT", "old value as source text"),
            Column("parent", "TEXT", "the commit that the change applies to"),
            Column("parent_experiment", "INTEGER", "number of that commit's experiment"),
            Column("alone", "INTEGER", "1 if the experiment changed nothing else"),
            Column("status", "TEXT", "open, refused, keep, discard, crash or invalid"),
            Column("metric", "REAL", "metric of the experiment"),
            Column("delta", "REAL", "metric - incumbent"),
            Column("gain_sigma", "REAL", "improvement / σ; positive is better"),
            Column("decided_at", "TEXT", "ISO 8601, UTC"),
        ),
    ),
    Table(
        name="failures",
        description="Full-text search (FTS5) over failed runs: `SELECT … FROM failures WHERE failures MATCH 'oom'`.",
        text=("kind", "signature", "trace", "idea"),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("run", "INTEGER", "number within the experiment, from 1"),
            Column("kind", "TEXT", "as runs.failure"),
            Column("signature", "TEXT", "the normalised last error"),
            Column("trace", "TEXT", "the end of the output"),
            Column("idea", "TEXT", "the idea that failed"),
        ),
    ),
    Table(
        name="ideas",
        description="Full-text search over proposals (FTS5), also refused ones.",
        text=("idea", "hypothesis", "diff"),
        columns=(
            _SESSION,
            _EXPERIMENT,
            Column("attempt", "INTEGER", "number within the experiment, from 1"),
            Column("idea", "TEXT", "the proposal in one line"),
            Column("hypothesis", "TEXT", "why it should help"),
            Column("diff", "TEXT", "the change, as a unified diff on the parent"),
        ),
    ),
    Table(
        name="spend",
        description="The cost of proposals and scores, by session, proposer and model.",
        key=("session", "proposer", "model"),
        columns=(
            _SESSION,
            Column("proposer", "TEXT", "the proposer; `judge` for the model that scores runs"),
            Column("model", "TEXT", "the language model; empty if none"),
            Column("proposals", "INTEGER", "calls that gave a proposal"),
            Column("failures", "INTEGER", "calls that gave none"),
            Column("calls", "INTEGER", "requests to the model"),
            Column("tokens_in", "INTEGER", "uncached input tokens"),
            Column("tokens_cache_read", "INTEGER", "input tokens read from the cache"),
            Column("tokens_cache_written", "INTEGER", "input tokens written to the cache"),
            Column("tokens_out", "INTEGER", "output tokens"),
            Column("dollars", "REAL", "US dollars; NULL if a price is unknown"),
            Column("seconds", "REAL", "seconds of waiting for answers"),
        ),
    ),
    Table(
        name="sessions",
        description="One row per session.",
        key=("session",),
        columns=(
            Column("session", "TEXT", "tag of the session", "tag"),
            Column("state", "TEXT", "open, paused or ended"),
            Column("reason", "TEXT", "why it is paused, or how it ended"),
            Column("goal", "TEXT", "from the brief"),
            Column("metric", "TEXT", "the metric's name"),
            Column("direction", "TEXT", "minimize or maximize"),
            Column("branch", "TEXT", "git branch of the kept commits"),
            Column("base", "TEXT", "the commit that the session started from"),
            Column("incumbent", "TEXT", "the best kept commit"),
            Column("best", "REAL", "the incumbent's metric"),
            Column("baseline", "REAL", "the baseline's metric"),
            Column("sigma", "REAL", "noise: σ of the metric on identical code"),
            Column("experiments", "INTEGER", "number of proposed experiments without the baseline"),
            Column("refusals", "INTEGER", "number of proposals that the gate refused"),
            Column("dollars", "REAL", "US dollars; NULL if a price is unknown"),
            Column("profile", "TEXT", "the profile of constants; NULL if none"),
            Column("host", "TEXT", "the machine"),
            Column("device", "TEXT", "the device that it trains on"),
            Column("started_at", "TEXT", "ISO 8601, UTC"),
            Column("ended_at", "TEXT", "ISO 8601, UTC; NULL while it runs"),
        ),
    ),
    Table(
        name="studies",
        description=(
            "One row per session: the study that it belongs to. Sessions of one study measure the same thing, so their gains "
            "in σ inform each other; metrics compare within one device class only. "
            "`SELECT … FROM experiments JOIN studies USING (session) WHERE study = ?`."
        ),
        key=("session",),
        columns=(
            Column("study", "TEXT", "tag of the study's first session"),
            _SESSION,
            Column("number", "INTEGER", "number of the session within the study, from 1"),
            Column("device", "TEXT", "the device class of its results"),
            Column(
                "identity",
                "TEXT",
                "hash of what the sessions of a study have in common: metric, direction, train and evaluate commands, budget, "
                "pattern, log, inputs, and the files out of scope, without prose and pictures",
            ),
            Column(
                "difference",
                "TEXT",
                "what differs from the session before it in the journal; empty in the same study",
            ),
        ),
    ),
    Table(
        name="directions",
        description="The directions that people gave, and the loop's answers.",
        key=("session", "direction"),
        columns=(
            _SESSION,
            Column("direction", "INTEGER", "number within the session, from 1"),
            Column("text", "TEXT", "as written"),
            Column("author", "TEXT", "user@host"),
            Column("channel", "TEXT", "cli or tui"),
            Column("position", "INTEGER", "position of its DirectionAdded event"),
            Column("added_at", "TEXT", "ISO 8601, UTC"),
            Column("acknowledged_at", "TEXT", "ISO 8601, UTC; NULL until the loop answers"),
            Column("outcome", "TEXT", "the loop's answer"),
            Column("withdrawn_at", "TEXT", "ISO 8601, UTC; NULL unless it was withdrawn"),
        ),
    ),
)


def fingerprint() -> str:
    """A hash of the tables' shape: a journal whose tables have another shape rebuilds them."""
    text = "\n".join(statement for table in TABLES for statement in table.create())
    return hashlib.sha256(text.encode()).hexdigest()[:16]
