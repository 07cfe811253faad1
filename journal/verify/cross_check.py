"""What the verdicts and the repository say of the journal, compared with it: a chain made to fit agrees with neither. Pure."""

from journal.verify.findings import Audit, Report
from journal.verify.git_files import Repository


def check_named(audit: Audit, report: Report) -> None:
    """Each verdict that names its proposal's place names the one that is there: a chain made to fit must change these too."""
    for position, event in audit.kept:
        if event.anchor and event.anchor != audit.proposals.get((event.session, event.experiment)):
            report.wrong(
                f"Experiment {event.experiment} of {event.session} was kept for another proposal than the one in the journal.",
                position,
            )


def check_repository(repository: Repository | None, audit: Audit, report: Report) -> None:
    if repository is None:
        report.notes.append(
            "No git repository with refs in plain files encloses the journal: kept commits were not checked."
        )
        return
    _check_kept(repository, audit, report)
    _check_unknown(repository, audit, report)
    _check_anchors(repository, audit, report)


def _check_kept(repository: Repository, audit: Audit, report: Report) -> None:
    sessions = audit.state.sessions.rows
    for position, event in audit.kept:
        if event.session in sessions and not sessions[event.session].branch:
            continue  # imported: its commits are elsewhere
        held = repository.tried.get((event.session, event.experiment))
        if event.experiment > 0 and held is None:
            report.wrong(f"Kept experiment {event.experiment} of {event.session} has no ref in git.", position)
        elif held is not None and held != event.commit:
            report.wrong(
                f"Kept experiment {event.experiment} of {event.session} is another commit in git: {held}.", position
            )


def _check_unknown(repository: Repository, audit: Audit, report: Report) -> None:
    """What git holds and the journal does not: its tail was cut off, or it is another clone's."""
    end = audit.head[0] + 1
    for session, number in sorted(repository.tried):
        if session in audit.state.sessions.rows and (session, number) not in audit.state.experiments.rows:
            report.wrong(
                f"Git holds experiment {number} of {session}, which the journal does not: its tail is cut off.", end
            )
    for session, tip in repository.tips.items():
        if session not in audit.state.sessions.rows:
            report.notes.append(f"The branch autoresearch/{session} belongs to no session of this journal.")
        elif tip not in audit.stations[session]:
            report.wrong(
                f"The branch of {session} stands at {tip}, which the journal never kept: its tail is cut off.", end
            )


def _check_anchors(repository: Repository, audit: Audit, report: Report) -> None:
    said = [(place, "is anchored at") for place in repository.anchors.items()]
    said += [(place, "names the verdict at") for place in repository.verdicts.items()]
    for (commit, (position, digest)), words in said:
        report.anchors += 1
        if audit.hashes.get(position) != digest:
            what = "does not reach it" if position > audit.head[0] else "has another there"
            report.wrong(f"Commit {commit[:10]} {words} position {position}, and the journal {what}.", position)
    for position, event in audit.kept:
        anchor = repository.anchors.get(event.commit)
        if anchor and event.anchor and event.anchor != f"{anchor[0]}:{anchor[1]}":
            report.wrong(f"Commit {event.commit[:10]} names another proposal than its verdict does.", position)
    if repository.packed:
        report.notes.append(
            f"{len(repository.packed)} commits or notes are packed and were not read: hand in git's answer with --anchors."
        )
