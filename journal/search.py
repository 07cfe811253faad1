"""Full-text search over what was tried and what broke, ranked, with snippets."""

import re
from pathlib import Path

from journal.errors import JournalMissing
from journal.ideas.search import nearest
from journal.projections import State
from journal.query import Answer, Value, ask

LIMIT = 20
_WORD = re.compile(r"\w+")

CLUSTERS = """
SELECT failure AS kind, signature, count(*) AS runs, max(reason) AS reason, group_concat(DISTINCT experiment) AS experiments
FROM runs WHERE status = 'failed' GROUP BY failure, signature ORDER BY runs DESC LIMIT ?"""

FAILURES = """
WITH hits AS (
  SELECT session, experiment, rank, snippet(failures, -1, '[', ']', '…', 12) AS found FROM failures WHERE failures MATCH ?1
  UNION ALL
  SELECT i.session, i.experiment, i.rank, snippet(ideas, -1, '[', ']', '…', 12)
  FROM ideas i JOIN experiments e ON e.session = i.session AND e.number = i.experiment
  WHERE ideas MATCH ?1 AND e.status IN ('discard', 'crash', 'invalid')
), best AS (SELECT session, experiment, min(rank) AS rank, found FROM hits GROUP BY session, experiment)
SELECT b.session, b.experiment, e.status, e.delta, b.found, e.idea, e.reason
FROM best b JOIN experiments e ON e.session = b.session AND e.number = b.experiment ORDER BY b.rank LIMIT ?2"""

SIMILAR = """
WITH hits AS (
  SELECT session, experiment, rank, snippet(ideas, -1, '[', ']', '…', 12) AS found
  FROM ideas WHERE ideas MATCH ?1 ORDER BY bm25(ideas, 0, 0, 0, 4, 2, 1) LIMIT 200
), best AS (SELECT session, experiment, min(rank) AS rank, found FROM hits GROUP BY session, experiment)
SELECT b.session, b.experiment, e.status, e.delta, e.gain_sigma, e.idea, b.found
FROM best b JOIN experiments e ON e.session = b.session AND e.number = b.experiment ORDER BY b.rank LIMIT ?2"""


def failures(path: Path, words: str = "", *, limit: int = LIMIT) -> Answer:
    """Failed runs by what broke; with words, the failures and the ideas that did not work which hold all of them."""
    if not words.strip():
        return ask(path, CLUSTERS, (limit,))
    return ask(path, FAILURES, (match(words, joined=" AND "), limit))


def similar(path: Path, text: str, *, limit: int = LIMIT) -> Answer:
    """Experiments whose idea, hypothesis or diff shares words with the text, the most telling words first (BM25)."""
    return ask(path, SIMILAR, (match(text, joined=" OR "), limit))


def like(path: Path, state: State, experiment: int, *, limit: int = LIMIT) -> Answer:
    """Experiments like one of the latest session, by what its change does and by the words of its idea, in turn."""
    latest = state.latest_session()
    trial = state.changes.rows.get((latest.tag, experiment)) if latest else None
    if trial is None:
        raise JournalMissing(
            f"The latest session has no experiment {experiment} that was let through: see `ar-journal log`."
        )
    hits = similar(path, trial.idea, limit=limit).rows
    words = [int(str(row[1])) for row in hits if row[0] == trial.session]
    found = nearest(state.changes, trial.change, session=trial.session, experiment=experiment, words=words, limit=limit)
    rows: list[tuple[Value, ...]] = [
        (row.trial.experiment, row.trial.status, row.trial.delta, round(row.score, 3), row.by, row.trial.idea)
        for row in found
    ]
    return Answer(columns=("experiment", "status", "delta", "likeness", "found_by", "idea"), rows=rows)


def match(words: str, *, joined: str) -> str:
    """Free text as an FTS5 expression, in which no word is an operator."""
    return joined.join(f'"{word}"' for word in dict.fromkeys(_WORD.findall(words))) or '""'
