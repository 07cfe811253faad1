"""The second step: the proposal as a commit, by plumbing, outside every branch."""

from datetime import datetime

from journal.events import ChangeCommitted, IdeaProposed
from loop.brief.scope import Scope
from loop.gate import patch
from loop.runtime.context import Context


def commit(ctx: Context, number: int, idea: IdeaProposed) -> str:
    """The commit of the proposal: written and held by a ref before the event names it; the same event gives the same commit."""
    log = ctx.journal.log(number)
    if log.committed is not None:
        return log.committed.commit
    parent = ctx.session.tip if idea.parent == ctx.session.incumbent else idea.parent
    tree = ctx.workspace.tree(parent)
    scope = Scope(patterns=ctx.config.scope, tree=tree)
    texts = patch.apply(idea.diff, ctx.workspace.read(parent, scope.files()))
    when = datetime.fromisoformat(log.proposed_at)
    written = ctx.workspace.commit(parent, texts, message=_message(idea, anchor=log.anchor), when=when)
    ctx.workspace.hold(ctx.session.tag, number, written)
    added, removed = patch.lines(idea.diff)
    ctx.journal.append(
        number,
        ChangeCommitted(
            session=idea.session,
            experiment=number,
            commit=written,
            parent=parent,
            files=tuple(sorted(texts)),
            lines_added=added,
            lines_removed=removed,
        ),
    )
    return written


def _message(idea: IdeaProposed, *, anchor: str) -> str:
    """The idea, and where the journal stood: `ar-journal verify` finds a journal that was rewritten by its anchors."""
    body = f"\n\n{idea.hypothesis}" if idea.hypothesis else ""
    trailers = (
        f"Session: {idea.session}\nExperiment: {idea.experiment}\nProposer: {idea.proposer}\nAR-Anchor: {anchor}\n"
    )
    return f"{_subject(idea.idea)}{body}\n\n{trailers}".replace("\0", " ")


def _subject(idea: str) -> str:
    return next((line.strip()[:120] for line in idea.splitlines() if line.strip()), "a change without a name")
