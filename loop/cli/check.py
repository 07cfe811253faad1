"""`ar-loop check`: the gate's answer to a patch."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from journal.console.entry import NEGATIVE
from journal.console.terminal import print_text
from journal.projections.state import State
from loop.cli.app import LOOK, JournalOption, JsonOption, app, read_state
from loop.contracts import Accepted, Proposal, Rejected, Request
from loop.errors import BadInput

_EDITED = re.compile(r"^--- a/(.+)$", re.MULTILINE)
_HEADER = re.compile(r"^(diff --git|index|old mode|new mode|similarity index) .*\n", re.MULTILINE)


@app.command(rich_help_panel=LOOK, epilog="Example: git diff | ar-loop check -")
def check(
    patch: Annotated[str, typer.Argument(help="File with a unified diff on the incumbent, or - for stdin.")],
    *,
    retry_of: Annotated[
        int | None, typer.Option("--retry-of", help="Number of the experiment that this retries.", show_default=False)
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Reason of the retry.", show_default=False)] = None,
    journal: JournalOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print whether the gate would accept a change, and why; run and record nothing."""
    from loop.brief.scope import Scope  # noqa: PLC0415
    from loop.experiment.request import check_at_gate  # noqa: PLC0415
    from loop.gate import patch as patches  # noqa: PLC0415
    from loop.setup.project import read_project  # noqa: PLC0415  # `ar-loop --help` reads no repository

    project = read_project(Path.cwd(), journal=journal)
    config, workspace = project.brief.config, project.workspace
    state = read_state(project.journal) if project.journal.exists() else State()
    session = state.latest_session()
    parent = session.incumbent if session else workspace.head()
    tree = workspace.tree(parent)
    scope = Scope(patterns=config.scope, tree=tree, locked=config.locked)
    diff = _HEADER.sub("", _read(patch))
    edits = patches.apply(diff, workspace.read(parent, [path for path in _EDITED.findall(diff) if path in tree]))
    request = Request(
        session=session.tag if session else "",
        experiment=state.experiments.next_number(session.tag if session else ""),
        attempt=1,
        parent=parent,
        files=workspace.read(parent, scope.files()),
        state=state,
        direction=config.direction,
    )
    proposal = Proposal(idea=patch, files=edits, retry_of=retry_of, retry_reason=reason)
    answer = check_at_gate(proposal, request, config=config, workspace=workspace)
    print_text(
        json.dumps(_as_data(answer), ensure_ascii=False) if as_json else _as_text(answer, state, request.session)
    )
    if isinstance(answer, Rejected):
        raise typer.Exit(NEGATIVE)


def _read(patch: str) -> str:
    try:
        return sys.stdin.read() if patch == "-" else Path(patch).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The patch {patch} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _as_data(answer: Accepted | Rejected) -> dict[str, object]:
    change = answer.change
    data: dict[str, object] = {
        "passes": isinstance(answer, Accepted),
        "program": change.program,
        "change": change.change,
        "knobs": [{"name": move.name, "old": move.old, "new": move.new} for move in change.knobs],
        "added": change.added,
        "removed": change.removed,
    }
    if isinstance(answer, Accepted):
        return data | {"neighbours": answer.neighbours}
    return data | {"rule": answer.rule, "reason": answer.reason, "matched": answer.matched, "score": answer.score}


def _as_text(answer: Accepted | Rejected, state: State, session: str) -> str:
    change = answer.change
    lines = [f"{move.name}: {move.old or 'absent'} -> {move.new or 'absent'}" for move in change.knobs]
    lines += [f"added: {' '.join(change.added)}"] if change.added else []
    lines += [f"removed: {' '.join(change.removed)}"] if change.removed else []
    if isinstance(answer, Rejected):
        return "\n".join([*lines, f"refused ({answer.rule}): {answer.reason}"])
    rows = [state.experiments.rows[session, number] for number in answer.neighbours]
    return "\n".join([*lines, "accepted", *(f"similar: #{row.number} {row.status}: {row.idea}" for row in rows)])
