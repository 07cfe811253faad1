"""Compare the journal with its verdicts and with git: a rewritten chain agrees with neither. Pure."""

from journal.verify.findings import Audit, Report
from journal.verify.git_files import Anchor, GitNote, Repository


def check_proposals(audit: Audit, report: Report) -> None:
    """Each verdict with an anchor must name its proposal's position and hash."""
    for position, event in audit.kept:
        if event.anchor and event.anchor != audit.proposals.get((event.session, event.experiment)):
            report.add(
                f"Experiment {event.experiment} of {event.session} was kept for another proposal than the one in the journal.",
                position,
            )


def check_repository(repository: Repository | None, audit: Audit, report: Report) -> None:
    if repository is None:
        report.notes.append(
            "The journal is in no git repository with refs in plain files: kept commits were not checked."
        )
        return
    others = _Others(repository, audit)
    _check_kept(repository, audit, report)
    _check_unknown(repository, audit, report, others=others)
    _check_anchors(repository, audit, report, others=others)


class _Others:
    """The commits and notes of other journals of the repository: of its other worktrees, and of journals that were deleted."""

    def __init__(self, repository: Repository, audit: Audit) -> None:
        self._anchors = repository.anchors
        self._sessions = repository.sessions()
        self._audit = audit
        self._own = {row.commit for row in audit.state.experiments.rows.values()}
        self.commits: set[str] = set()

    def has(self, commit: str) -> bool:
        """Whether another journal made a commit. A commit that this journal names is its own, whatever it says."""
        anchor = self._anchors.get(commit)
        return commit not in self._own and self._is_other(commit, anchor, self._sessions.get(commit))

    def has_note(self, note: GitNote) -> bool:
        """Whether the note is about the verdict of another journal, which may have started from the same commit."""
        return self._is_other(note.commit, note.anchor, note.session or self._sessions.get(note.commit))

    def _is_other(self, commit: str, anchor: Anchor | None, session: str | None) -> bool:
        """An anchor names its journal; an older one does not, and is another's if its session is not known here."""
        if anchor is not None and anchor.journal:
            is_other = anchor.journal != self._audit.name
        else:
            is_other = session not in {None, *self._audit.state.sessions.rows}
        if is_other:
            self.commits.add(commit)
        return is_other


def _check_kept(repository: Repository, audit: Audit, report: Report) -> None:
    sessions = audit.state.sessions.rows
    for position, event in audit.kept:
        if event.session in sessions and not sessions[event.session].branch:
            continue  # imported: its commits are in another repository
        commit = repository.experiments.get((event.session, event.experiment))
        if event.experiment > 0 and commit is None:
            report.add(f"Kept experiment {event.experiment} of {event.session} has no ref in git.", position)
        elif commit is not None and commit != event.commit:
            report.add(
                f"Kept experiment {event.experiment} of {event.session} is another commit in git: {commit}.", position
            )


def _check_unknown(repository: Repository, audit: Audit, report: Report, *, others: _Others) -> None:
    """What git has and the journal lacks: the journal is truncated, or belongs to another clone."""
    end = audit.head[0] + 1
    for (session, number), commit in sorted(repository.experiments.items()):
        is_known = (session, number) in audit.state.experiments.rows or session not in audit.state.sessions.rows
        if not is_known and not others.has(commit):
            report.add(f"Git has experiment {number} of {session}, and the journal has not: it is truncated.", end)
    for session, tip in repository.tips.items():
        if session not in audit.state.sessions.rows:
            report.notes.append(f"The branch autoresearch/{session} belongs to no session of this journal.")
        elif tip not in audit.tips[session] and not others.has(tip):
            report.add(f"The branch of {session} is at {tip}, which the journal does not name: it is truncated.", end)


def _check_anchors(repository: Repository, audit: Audit, report: Report, *, others: _Others) -> None:
    last = 0
    claims = [(commit, anchor, "anchor") for commit, anchor in repository.anchors.items() if not others.has(commit)]
    claims += [(note.commit, note.anchor, "verdict") for note in repository.verdicts if not others.has_note(note)]
    for commit, anchor, kind in claims:
        report.anchors += 1
        if problem := _anchor_problem(anchor, audit):
            report.add(
                f"Commit {commit[:10]} has its {kind} at position {anchor.position}, and {problem}.", anchor.position
            )
        else:
            last = max(last, anchor.position)
    for position, event in audit.kept:
        if event.experiment == 0:
            continue  # a session may start from a commit that another experiment made
        own = repository.anchors.get(event.commit)
        if own and event.anchor and event.anchor != f"{own.position}:{own.digest}":
            report.add(f"Commit {event.commit[:10]} names another proposal than its verdict does.", position)
    _note_unchecked(repository, report, others=len(others.commits), unanchored=audit.head[0] - last)


def _anchor_problem(anchor: Anchor, audit: Audit) -> str:
    """What is wrong with an anchor of this journal, as a clause; empty if nothing is."""
    if anchor.journal and anchor.journal != audit.name:
        return f"it names another journal ({anchor.journal}) than this one ({audit.name})"
    if audit.hashes.get(anchor.position) == anchor.digest:
        return ""
    return f"the journal {'ends before it' if anchor.position > audit.head[0] else 'has another event there'}"


def _note_unchecked(repository: Repository, report: Report, *, others: int, unanchored: int) -> None:
    if others:
        report.notes.append(f"{others} commits of other journals were not compared.")
    if unanchored:
        report.notes.append(
            f"No anchor in git covers the last {unanchored} event{'s' * (unanchored > 1)}: a change or a cut there cannot be "
            "found."
        )
    if repository.packed:
        report.notes.append(
            f"{len(repository.packed)} commits or notes are packed and were not read: pass git's output with --anchors."
        )
