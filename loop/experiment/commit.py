"""The second step: commit the proposal by git plumbing, outside every branch."""

from datetime import datetime

from journal.events import ChangeCommitted, IdeaProposed
from loop.brief.scope import Scope
from loop.gate import patch
from loop.runtime.context import Context


def commit(ctx: Context, number: int, idea: IdeaProposed) -> str:
    """The proposal's commit, which a ref holds before the event names it. The same event gives the same commit."""
    log = ctx.journal.log(number)
    if log.committed is not None:
        return log.committed.commit
    parent = ctx.session.tip if idea.parent == ctx.session.incumbent else idea.parent
    tree = ctx.workspace.tree(parent)
    scope = Scope(patterns=ctx.config.scope, tree=tree)
    texts = patch.apply(idea.diff, ctx.workspace.read(parent, scope.files()))
    when = datetime.fromisoformat(log.proposed_at)
    sha = ctx.workspace.commit(
        parent, texts, message=_message(idea, anchor=log.anchor, journal=ctx.journal.name), when=when
    )
    ctx.workspace.pin(ctx.session.tag, number, sha)
    added, removed = patch.count_lines(idea.diff)
    ctx.journal.append(
        number,
        ChangeCommitted(
            session=idea.session,
            experiment=number,
            commit=sha,
            parent=parent,
            files=tuple(sorted(texts)),
            lines_added=added,
            lines_removed=removed,
        ),
    )
    return sha


def _message(idea: IdeaProposed, *, anchor: str, journal: str) -> str:
    """The idea, and the place of its event in the journal, by which `ar-journal verify` finds a rewritten one."""
    subject = next((line.strip()[:120] for line in idea.idea.splitlines() if line.strip()), "a change without a name")
    body = f"\n\n{idea.hypothesis}" if idea.hypothesis else ""
    trailers = (
        f"Session: {idea.session}\nExperiment: {idea.experiment}\nProposer: {idea.proposer}\n"
        f"AR-Anchor: {anchor}\nAR-Journal: {journal}\n"
    )
    return f"{subject}{body}\n\n{trailers}".replace("\0", " ")
