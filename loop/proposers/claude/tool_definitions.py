"""The tools of a model as the Messages API wants them described."""

from collections.abc import Mapping

from journal.projections.tables import TABLES
from loop.proposers.history import POINTS

CALLS = 4  # in one proposal
SQL_SECONDS = 0.25
SQL_ROWS = 40
FILE_CHARACTERS = 24_000  # of a file in one call

_TABLES = "\n".join(f"- {table.name}({', '.join(column.name for column in table.columns)})" for table in TABLES)


def _tool(name: str, description: str, properties: Mapping[str, object], *required: str) -> dict[str, object]:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"name": name, "description": description, "input_schema": schema}


_EXPERIMENT = {"experiment": {"type": "integer", "description": "Number of an experiment of this session, such as 7."}}

DEFINITIONS: tuple[dict[str, object], ...] = (
    _tool(
        "sql",
        f"One SELECT over the journal (SQLite, read-only): at most {SQL_ROWS} rows, {SQL_SECONDS:g} seconds. "
        "Sessions of one study compare: JOIN studies USING (session). "
        f"Tables:\n{_TABLES}",
        {"query": {"type": "string", "description": "One SELECT statement."}},
        "query",
    ),
    _tool(
        "read_file",
        f"A text file of the repository at the parent's commit, {FILE_CHARACTERS:,} characters at a time.",
        {
            "path": {"type": "string", "description": "From the repository's root, such as gpt/evaluate.py."},
            "offset": {"type": "integer", "description": "First character, from 0."},
        },
        "path",
    ),
    _tool("diff", "The change of an experiment, as a unified diff on its parent.", _EXPERIMENT, "experiment"),
    _tool("trace", "The end of the output of an experiment's failed run.", _EXPERIMENT, "experiment"),
    _tool(
        "curve",
        f"The loss of each run of an experiment over time, at most {POINTS} points a run, tab-separated.",
        _EXPERIMENT,
        "experiment",
    ),
    _tool(
        "similar",
        "Experiments whose idea, hypothesis or change shares words with a text, with verdict and gain.",
        {"words": {"type": "string", "description": "Such as: value embeddings, gated residual."}},
        "words",
    ),
)
