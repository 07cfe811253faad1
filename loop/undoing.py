"""The incumbent without one of the kept changes that it is made of: for a veto, and for the test whether it still pays."""

from journal.projections.experiments import Experiment
from loop import patch
from loop.errors import WorkspaceError
from loop.gate import unreadable
from loop.lab import Lab
from loop.scope import Scope


def without(lab: Lab, row: Experiment) -> tuple[dict[str, str], dict[str, str]]:
    """The incumbent's files in scope, as they are and without a change. Raises WorkspaceError, in words for its asker."""
    scope = Scope(patterns=lab.config.scope, tree=lab.workspace.tree(lab.session.incumbent)).files()
    committed = lab.case(row.number).committed
    if outside := set(committed.files if committed else ()) - set(scope):
        raise WorkspaceError(f"it edited {min(outside)}, which is not in the brief's scope any more.")
    was, made, now = (lab.workspace.read(at, scope) for at in (str(row.parent), str(row.commit), lab.session.incumbent))
    undone = patch.undone(was, made, now)
    broken = next((why for path, text in undone.items() if (why := unreadable(path, text))), None)
    if broken:
        raise WorkspaceError(f"without it {broken}")
    return now, {**now, **undone}
