"""Saved queries: frequent questions about sessions, as SQL with a name."""

from dataclasses import dataclass
from pathlib import Path

from journal.errors import QueryRefused
from journal.query.full_text import match_expression
from journal.query.sql import QueryResult, run_query


@dataclass(frozen=True, kw_only=True)
class SavedQuery:
    """`parameters` names the values that the query needs, in order; each is a `?` of the SQL."""

    name: str
    question: str
    sql: str
    parameters: tuple[str, ...] = ()


_ALL = (
    SavedQuery(
        name="kept",
        question="What was kept, and what did each keep gain?",
        sql="""
SELECT session, number, metric, delta, gain_sigma, idea, decided_at
FROM experiments WHERE session IN (SELECT session FROM sessions) AND status = 'keep' AND number > 0
ORDER BY session, number""",
    ),
    SavedQuery(
        name="near-misses",
        question="Which discarded ideas came closest? Better than the incumbent, but not by enough.",
        sql="""
SELECT session, number, gain_sigma, delta, metric, idea, reason
FROM experiments JOIN (
  SELECT session, number FROM experiments WHERE status = 'discard' AND gain_sigma > 0 ORDER BY gain_sigma DESC LIMIT 20
) USING (session, number) ORDER BY gain_sigma DESC""",
    ),
    SavedQuery(
        name="studies",
        question="Which sessions measure the same thing, and how far did each come?",
        sql="""
SELECT study, number, session, studies.device, baseline, best, sigma, experiments, difference
FROM studies JOIN sessions USING (session) ORDER BY started_at, session""",
    ),
    SavedQuery(
        name="frontier",
        question="Which results of each study were the best so far, across its sessions, by device class?",
        sql="""
WITH points AS (
  SELECT f.*, study, s.device, direction = 'minimize' AS is_low,
         min(f.metric) OVER earlier AS lowest, max(f.metric) OVER earlier AS highest
  FROM frontier f JOIN studies USING (session) JOIN sessions s USING (session)
  WINDOW earlier AS (PARTITION BY study, s.device ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT study, device, session, experiment, metric, kept_at, "commit" FROM points
WHERE lowest IS NULL OR iif(is_low, metric < lowest, metric > highest) ORDER BY study, device, position""",
    ),
    SavedQuery(
        name="failures-like",
        question="Which past failures hold any of these words?",
        parameters=("WORDS",),
        sql="""
SELECT session, experiment, run, kind, signature, snippet(failures, -1, '[', ']', '…', 12) AS found, idea
FROM failures WHERE failures MATCH ? ORDER BY rank LIMIT 20""",
    ),
    SavedQuery(
        name="knob",
        question="Which values of a knob were tried, on which base, and with what result?",
        parameters=("KNOB",),
        sql="""
SELECT session, experiment, old, value, status, delta, gain_sigma, alone, parent_experiment
FROM knobs WHERE knob = ? ORDER BY session, experiment LIMIT 200""",
    ),
    SavedQuery(
        name="knobs",
        question="Which knobs were changed most, and did it help?",
        sql="""
SELECT knob, count(*) AS trials, sum(status = 'keep') AS kept, sum(status = 'crash') AS crashed,
       round(max(gain_sigma), 2) AS best_gain_sigma
FROM knobs WHERE status <> 'refused' AND experiment > 0 GROUP BY knob ORDER BY kept DESC, trials DESC LIMIT 40""",
    ),
    SavedQuery(
        name="price",
        question="What did each kept 0.001 of the metric cost, in hours and dollars?",
        sql="""
WITH kept AS (
  SELECT session, number, lag(number, 1, -1) OVER (PARTITION BY session ORDER BY number) AS before
  FROM experiments WHERE session IN (SELECT session FROM sessions) AND status = 'keep'
), decided AS NOT MATERIALIZED (
  SELECT session, number, wall_seconds, dollars FROM experiments WHERE status IN ('keep', 'discard', 'crash', 'invalid')
), spent AS MATERIALIZED (
  SELECT session, number,
    (SELECT sum(wall_seconds) FROM decided d WHERE d.session = k.session AND d.number > before AND d.number <= k.number)
      AS seconds,
    (SELECT sum(dollars) FROM decided d WHERE d.session = k.session AND d.number > before AND d.number <= k.number)
      AS dollars
  FROM kept k
)
SELECT session, number, delta, round(seconds / 3600, 5) AS hours, round(spent.dollars, 4) AS dollars,
       round(seconds / 3600 / (abs(delta) * 1000), 6) AS hours_per_001,
       round(spent.dollars / (abs(delta) * 1000), 6) AS dollars_per_001
FROM spent JOIN experiments USING (session, number) WHERE delta <> 0 ORDER BY session, number""",
    ),
    SavedQuery(
        name="hours",
        question="Where did the hours of each session go?",
        sql="""
SELECT session, status, count(*) AS experiments, round(sum(train_seconds) / 3600, 5) AS training_hours,
       round(sum(wall_seconds - train_seconds) / 3600, 5) AS other_hours, round(sum(dollars), 2) AS dollars
FROM experiments GROUP BY session, status ORDER BY session, training_hours DESC""",
    ),
    SavedQuery(
        name="kinds",
        question="Which kinds of change help?",
        sql="""
SELECT kind, count(*) AS tried, sum(status = 'keep') AS kept, sum(status = 'crash') AS crashed,
       round(100.0 * sum(status = 'keep') / count(*), 1) AS kept_percent,
       round(sum(CASE WHEN status = 'keep' THEN gain_sigma END), 2) AS gain_sigma,
       round(sum(wall_seconds) / 3600, 5) AS hours
FROM experiments WHERE kind <> 'baseline' GROUP BY kind ORDER BY gain_sigma DESC""",
    ),
    SavedQuery(
        name="crashes",
        question="Which failures happen most often?",
        sql="""
SELECT failure, signature, count(*) AS runs, min(started_at) AS first, max(started_at) AS last,
       group_concat(DISTINCT experiment) AS experiments
FROM runs WHERE status = 'failed' GROUP BY failure, signature ORDER BY runs DESC LIMIT 20""",
    ),
    SavedQuery(
        name="refused",
        question="What did the gate refuse, and why?",
        sql="""
SELECT rule, count(*) AS proposals, round(avg(score), 2) AS likeness, max(idea) AS example
FROM refusals GROUP BY rule ORDER BY proposals DESC""",
    ),
)

SAVED = {saved.name: saved for saved in _ALL}

COST = """
WITH hours AS (
  SELECT session, proposer, coalesce(model, '') AS model, sum(status = 'keep' AND number > 0) AS kept,
         sum(wall_seconds) / 3600 AS hours
  FROM experiments GROUP BY session, proposer, experiments.model
)
SELECT s.session, s.proposer, s.model, s.proposals, s.failures, s.calls, s.tokens_in, s.tokens_cache_read,
       s.tokens_cache_written, s.tokens_out, round(s.dollars, 4) AS dollars, round(s.seconds) AS seconds_waited,
       h.kept, round(h.hours, 5) AS run_hours, round(s.dollars / nullif(h.kept, 0), 4) AS dollars_per_keep
FROM spend s LEFT JOIN hours h USING (session, proposer, model) ORDER BY s.session, dollars DESC"""


def run_line(path: Path, line: str) -> QueryResult:
    """The result of one line of the prompt: SQL, or @NAME and its values."""
    name, *values = line.split() if line.startswith("@") else [line]
    return run_query(path, *resolve(name, values))


def resolve(query: str, values: list[str]) -> tuple[str, tuple[str, ...]]:
    """The SQL and the values of a query, which is SQL or `@NAME` of a saved query. Raises QueryRefused."""
    if not query.startswith("@"):
        return query, tuple(values)
    saved = SAVED.get(query[1:])
    if saved is None:
        raise QueryRefused(f"No saved query is called {query[1:]}: `ar-journal sql --saved` lists them.")
    return saved.sql, _parameters(saved, values)


def _parameters(saved: SavedQuery, values: list[str]) -> tuple[str, ...]:
    if len(values) < len(saved.parameters):
        raise QueryRefused(f"A value is missing: write `ar-journal sql @{saved.name} {' '.join(saved.parameters)}`.")
    if saved.parameters == ("WORDS",):
        return (match_expression(" ".join(values), operator=" OR "),)
    return tuple(values)
