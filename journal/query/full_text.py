"""Full-text search over what was tried and what broke, ranked, with snippets."""

import re
from pathlib import Path

from journal.errors import JournalMissing
from journal.novelty.nearest import nearest
from journal.projections.state import State
from journal.query.sql import QueryResult, Value, ask

LIMIT = 20
COMMON = 5_000  # rows that hold a word which tells nothing, as ranking them takes tens of milliseconds
WORDS = 400  # of a text that are looked at
TOLD = 24  # the most telling of them, by which a text is found
_WORD = re.compile(r"\w+")

CLUSTERS = """
SELECT failure AS kind, signature, count(*) AS runs, max(reason) AS reason, group_concat(DISTINCT experiment) AS experiments
FROM runs WHERE status = 'failed' GROUP BY failure, signature ORDER BY runs DESC LIMIT ?"""

# What one full-text table finds: by rank, or the latest first
HITS = """
SELECT * FROM (
  SELECT session, experiment, {place} AS place, snippet({table}, -1, '[', ']', '…', 12) AS found
  FROM {table} WHERE {table} MATCH ?1 {ranked} ORDER BY {order} LIMIT {limit}
)"""

FAILURES = """
WITH hits AS (
  {failures}
  UNION ALL
  SELECT i.session, i.experiment, i.place, i.found FROM ({ideas}) i
  JOIN experiments e ON e.session = i.session AND e.number = i.experiment WHERE e.status IN ('discard', 'crash', 'invalid')
), best AS (SELECT session, experiment, min(place) AS place, found FROM hits GROUP BY session, experiment)
SELECT b.session, b.experiment, e.status, e.delta, b.found, e.idea, e.reason
FROM best b JOIN experiments e ON e.session = b.session AND e.number = b.experiment ORDER BY b.place LIMIT ?2"""

SIMILAR = """
WITH best AS (SELECT session, experiment, min(place) AS place, found FROM ({ideas}) GROUP BY session, experiment)
SELECT b.session, b.experiment, e.status, e.delta, e.gain_sigma, e.idea, b.found
FROM best b JOIN experiments e ON e.session = b.session AND e.number = b.experiment ORDER BY b.place LIMIT ?2"""

TELLING = """
WITH words (word) AS (VALUES {places}), counted AS (
  SELECT word, (SELECT count(*) FROM (SELECT 1 FROM ideas WHERE ideas MATCH word LIMIT {common})) AS held FROM words
)
SELECT word FROM counted WHERE held > 0 AND held < {common} ORDER BY held LIMIT {words}"""


def failures(path: Path, words: str = "", *, limit: int = LIMIT, common: int = COMMON) -> QueryResult:
    """Failed runs by what broke; with words, the failures and the ideas that did not work which hold all of them.

    The best matches first (BM25); the latest first where so many match that the words tell nothing apart.
    """
    if not words.strip():
        return ask(path, CLUSTERS, (limit,))
    wanted = match(words, joined=" AND ")
    counted = "SELECT count(*) FROM (SELECT 1 FROM {0} WHERE {0} MATCH ? LIMIT {1})"
    held = {table: ask(path, counted.format(table, common), (wanted,)).rows for table in ("failures", "ideas")}
    hits = {table: _hits(table, many=rows == [(common,)], limit=limit) for table, rows in held.items()}
    return ask(path, FAILURES.format(**hits), (wanted, limit))


def similar(path: Path, text: str, *, limit: int = LIMIT, common: int = COMMON) -> QueryResult:
    """Experiments whose idea, hypothesis or diff shares words with the text, the most telling words first (BM25).

    Words that thousands of ideas hold weigh next to nothing and cost the most: they count only where there is no other.
    """
    words = _words(text)[:WORDS]
    places = ", ".join("(?)" for _ in words) or "('\"\"')"
    telling = ask(path, TELLING.format(places=places, common=common, words=TOLD), words).rows
    wanted = " OR ".join(str(word) for (word,) in telling) or match(text, joined=" OR ")
    ideas = _hits("ideas", many=not telling, limit=limit, weights="0, 0, 0, 4, 2, 1")
    return ask(path, SIMILAR.format(ideas=ideas), (wanted, limit))


def _hits(table: str, *, many: bool, limit: int, weights: str = "") -> str:
    """The statement that finds rows in one table: ranked, or the latest, where there are too many to rank in a moment."""
    ranked = f"AND rank MATCH 'bm25({weights})'" if weights and not many else ""
    place, order = (
        ("(1 << 62) - rowid", "rowid DESC") if many else ("rank", "rank")
    )  # ranks are below zero, and go first
    return HITS.format(table=table, place=place, order=order, ranked=ranked, limit=max(400, 2 * limit))


def like(path: Path, state: State, experiment: int, *, limit: int = LIMIT) -> QueryResult:
    """Experiments like one of the latest session, by what it does and by its idea's words, in turn: the order is `rank`."""
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
        (
            rank,
            trial.session,
            row.trial.experiment,
            row.trial.status,
            row.trial.delta,
            round(row.score, 3),
            row.by,
            row.trial.idea,
        )
        for rank, row in enumerate(found, start=1)
    ]
    return QueryResult(
        columns=("rank", "session", "experiment", "status", "delta", "likeness", "found_by", "idea"), rows=rows
    )


def match(words: str, *, joined: str) -> str:
    """Free text as an FTS5 expression, in which no word is an operator."""
    return joined.join(_words(words)) or '""'


def _words(text: str) -> list[str]:
    return [f'"{word}"' for word in dict.fromkeys(_WORD.findall(text))]
