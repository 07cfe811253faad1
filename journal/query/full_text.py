"""Full-text search over ideas and failures, ranked, with snippets."""

import re
from pathlib import Path

from journal.errors import JournalMissing
from journal.novelty.nearest import nearest_in_study
from journal.projections.state import State
from journal.query.sql import QueryResult, Value, run_query

LIMIT = 20
COMMON = 5_000  # a word in this many rows is common: it says little, and ranking its rows takes tens of milliseconds
MAX_WORDS = 400  # words of a text that are counted
RARE_WORDS = 24  # of these, the rarest are searched for
_WORD = re.compile(r"\w+")

CLUSTERS = """
SELECT failure AS kind, signature, count(*) AS runs, max(reason) AS reason, group_concat(DISTINCT experiment) AS experiments
FROM runs WHERE status = 'failed' GROUP BY failure, signature ORDER BY runs DESC LIMIT ?"""

# Rows of one full-text table, by rank or the latest first
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

RAREST = """
WITH words (word) AS (VALUES {places}), counted AS (
  SELECT word, (SELECT count(*) FROM (SELECT 1 FROM ideas WHERE ideas MATCH word LIMIT {common})) AS held FROM words
)
SELECT word FROM counted WHERE held > 0 AND held < {common} ORDER BY held LIMIT {words}"""


def search_failures(path: Path, words: str = "", *, limit: int = LIMIT, common: int = COMMON) -> QueryResult:
    """Without words, failed runs by error; with words, the failures and the unsuccessful ideas that hold all of them.

    The best matches come first (BM25), or the latest first if more than `common` rows match.
    """
    if not words.strip():
        return run_query(path, CLUSTERS, (limit,))
    expression = match_expression(words, operator=" AND ")
    count = "SELECT count(*) FROM (SELECT 1 FROM {0} WHERE {0} MATCH ? LIMIT {1})"
    counts = {
        table: run_query(path, count.format(table, common), (expression,)).rows for table in ("failures", "ideas")
    }
    hits = {table: _hits(table, is_ranked=rows != [(common,)], limit=limit) for table, rows in counts.items()}
    return run_query(path, FAILURES.format(**hits), (expression, limit))


def search_ideas(path: Path, text: str, *, limit: int = LIMIT, common: int = COMMON) -> QueryResult:
    """Experiments whose idea, hypothesis or diff shares words with the text, by BM25 over its rarest words.

    Words in `common` ideas or more say little and cost the most, so they count only if the text has no other word.
    """
    words = _words(text)[:MAX_WORDS]
    places = ", ".join("(?)" for _ in words) or "('\"\"')"
    rarest = run_query(path, RAREST.format(places=places, common=common, words=RARE_WORDS), words).rows
    expression = " OR ".join(str(word) for (word,) in rarest) or match_expression(text, operator=" OR ")
    ideas = _hits("ideas", is_ranked=bool(rarest), limit=limit, weights="0, 0, 0, 4, 2, 1")
    return run_query(path, SIMILAR.format(ideas=ideas), (expression, limit))


def _hits(table: str, *, is_ranked: bool, limit: int, weights: str = "") -> str:
    """The statement that finds rows in one table: by rank, or the latest first if ranking them would take too long."""
    ranked = f"AND rank MATCH 'bm25({weights})'" if weights and is_ranked else ""
    # ranks are negative, so ranked rows come before the others
    place, order = ("rank", "rank") if is_ranked else ("(1 << 62) - rowid", "rowid DESC")
    return HITS.format(table=table, place=place, order=order, ranked=ranked, limit=max(400, 2 * limit))


def similar_experiments(path: Path, state: State, experiment: int, *, limit: int = LIMIT) -> QueryResult:
    """Experiments of its study like one of the latest session, by what it does and by its words, interleaved in `rank`."""
    latest = state.latest_session()
    trial = state.changes.rows.get((latest.tag, experiment)) if latest else None
    if trial is None:
        raise JournalMissing(
            f"The latest session has no experiment {experiment} that the gate accepted: see `ar-journal log`."
        )
    hits = search_ideas(path, trial.idea, limit=limit).rows
    words = [(str(row[0]), int(str(row[1]))) for row in hits]
    found = nearest_in_study(
        state.changes, trial.change, session=trial.session, experiment=experiment, words=words, limit=limit
    )
    rows: list[tuple[Value, ...]] = [
        (
            rank,
            near.session,
            near.experiment,
            near.status,
            near.delta,
            round(neighbour.score, 3),
            neighbour.by,
            near.idea,
        )
        for rank, neighbour in enumerate(found, start=1)
        for near in [neighbour.trial]
    ]
    columns = ("rank", "session", "experiment", "status", "delta", "likeness", "found_by", "idea")
    return QueryResult(columns=columns, rows=rows)


def match_expression(words: str, *, operator: str) -> str:
    """Free text as an FTS5 expression, in which no word acts as an operator."""
    return operator.join(_words(words)) or '""'


def _words(text: str) -> list[str]:
    return [f'"{word}"' for word in dict.fromkeys(_WORD.findall(text))]
