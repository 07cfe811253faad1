"""A journal that was tampered with is found out, each time, at the first bad position."""

import hashlib
import sqlite3
import subprocess
import zlib

import msgspec
import pytest
from histories import COMMITS, TAG, night, proposed, started, write

from journal.events import ExperimentKept, SessionStarted, experiment_stream, session_stream
from journal.store import Reader
from journal.store.chain import GENESIS, link
from journal.verify.checks import verify
from journal.verify.git_files import Repository, enclosing

GIT_SAYS = "%H %(trailers:key=AR-Anchor,valueonly,separator=%x20)%n%N"
GUARDED = ("events_refuse_update", "events_refuse_delete", "events_refuse_out_of_order")


def tampered(path, *statements):
    """The journal after its guards were dropped, statements were run, and the guards were put back as they were."""
    db = sqlite3.connect(path, isolation_level=None)
    guards = [db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0] for name in GUARDED]
    for name in GUARDED:
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        db.execute(statement)
    for guard in guards:
        db.execute(guard)
    db.close()
    return Reader(path)


def rechained(path, position, old, new):
    """The journal with one payload edited and every later hash made to fit."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DROP TRIGGER events_refuse_update")
    db.execute("UPDATE events SET payload = replace(payload, ?, ?) WHERE position = ?", (old, new, position))
    previous = GENESIS
    for row in db.execute("SELECT * FROM events ORDER BY position").fetchall():
        previous = link(previous, row[:7], row[7].encode())
        db.execute("UPDATE events SET hash = ? WHERE position = ?", (previous, row[0]))
    db.execute(
        "CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events BEGIN\n  SELECT RAISE(ABORT, 'events are never changed: append a new one');\nEND"
    )
    db.close()
    return Reader(path)


def repository(**facts):
    tried = {(TAG, number): COMMITS[number] for number in range(4)}
    return Repository(**{"tried": tried, "tips": {TAG: COMMITS[1]}} | facts)


def test_a_night_is_as_it_was_written(night):
    report = verify(night, repository=repository())

    assert report.findings == []
    assert (report.head, report.kept) == (night.head(), 2)


@pytest.mark.parametrize(
    ("statement", "position", "words"),
    [
        (
            "UPDATE events SET payload = replace(payload, 'halve', 'double') WHERE position = 7",
            7,
            "does not match its hash",
        ),
        (
            "UPDATE events SET recorded_at = '2026-11-21T00:00:00.000000+00:00' WHERE position = 9",
            9,
            "does not match its hash",
        ),
        ("UPDATE events SET hash = upper(hash) WHERE position = 4", 4, "does not match its hash"),
        ("DELETE FROM events WHERE position = 5", 5, "Position 5 is missing"),
        ("DELETE FROM events WHERE position = 1", 1, "Position 1 is missing"),
        ("UPDATE events SET version = 9 WHERE position = 8", 8, "from version 1 to 9"),
        ("UPDATE events SET type = 'MoonLanded' WHERE position = 6", 6, "does not match its hash"),
        ("UPDATE events SET payload = 'not json' WHERE position = 3", 3, "does not match its hash"),
    ],
)
def test_a_changed_event_is_found_at_its_position(night_path, statement, position, words):
    report = verify(tampered(night_path, statement))

    assert report.first_bad == position
    assert words in report.findings[0].what


def test_two_swapped_events_are_found(night_path):
    reader = tampered(
        night_path,
        "UPDATE events SET position = -1 WHERE position = 12",
        "UPDATE events SET position = 12 WHERE position = 13",
        "UPDATE events SET position = 13 WHERE position = -1",
    )

    assert verify(reader).first_bad == 12


def test_an_index_that_has_lost_an_event_is_found(night_path):
    db = sqlite3.connect(night_path, isolation_level=None)
    page, size = (
        db.execute(query).fetchone()[0]
        for query in (
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_events_1'",
            "PRAGMA page_size",
        )
    )
    db.close()
    content = bytearray(night_path.read_bytes())
    place = content.rindex(TAG.encode(), (page - 1) * size, page * size)
    content[place : place + len(TAG)] = b"nov99"
    night_path.write_bytes(content)

    [finding] = verify(Reader(night_path)).findings

    assert "missing from index sqlite_autoindex_events_1" in finding.what


@pytest.mark.parametrize("name", GUARDED)
def test_a_dropped_guard_is_found(night_path, name):
    db = sqlite3.connect(night_path)
    db.execute(f"DROP TRIGGER {name}")
    db.close()

    [finding] = verify(Reader(night_path)).findings

    assert finding.what == f"The trigger {name}, which keeps events unchanged, is missing."


def test_a_weakened_guard_is_found(night_path):
    db = sqlite3.connect(night_path)
    db.execute("DROP TRIGGER events_refuse_update")
    db.execute("CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events WHEN 0 BEGIN SELECT 1; END")
    db.close()

    assert "not the one that this program made" in verify(Reader(night_path)).findings[0].what


def test_a_trigger_that_was_added_to_the_events_is_found(night_path):
    db = sqlite3.connect(night_path)
    db.execute('CREATE TRIGGER echo AFTER INSERT ON "events" BEGIN DELETE FROM samples; END')
    db.execute(
        "CREATE TRIGGER harmless AFTER INSERT ON samples BEGIN SELECT 1 FROM samples JOIN events ON events.version = step; END"
    )
    db.close()

    [finding] = verify(Reader(night_path)).findings

    assert finding.what.startswith("The trigger echo, which acts when events are appended, is not of this program")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE experiments SET metric = 0.9 WHERE number = 2", "experiments differs from the events at number 2"),
        ("DELETE FROM frontier WHERE experiment = 1", "frontier differs from the events at position 11"),
        ("DELETE FROM failures", "full text failures"),
        ("UPDATE ideas SET idea = 'nothing'", "full text ideas"),
    ],
)
def test_a_changed_projection_is_found(night_path, statement, words):
    db = sqlite3.connect(night_path, isolation_level=None)
    db.execute(statement)
    db.close()

    [finding] = verify(Reader(night_path)).findings

    assert words in finding.what


def test_dropped_projections_are_a_note_and_no_fault(night_path):
    db = sqlite3.connect(night_path)
    db.execute("DROP TABLE runs")
    db.close()

    report = verify(Reader(night_path), repository=repository())

    assert report.findings == []
    assert "not built" in report.notes[0]


def test_a_kept_commit_that_git_does_not_hold_is_found(night):
    report = verify(night, repository=repository(tried={}))

    assert report.findings[0].what == f"Kept experiment 1 of {TAG} has no ref in git."
    assert report.first_bad is not None


def test_a_kept_commit_that_is_another_in_git_is_found(night):
    report = verify(night, repository=repository(tried={(TAG, 1): COMMITS[7]}))

    assert f"is another commit in git: {COMMITS[7]}" in report.findings[0].what


def test_a_tail_cut_off_while_git_went_on_is_found(folder):
    cut = Reader(write(folder / "cut.db", night()[:5]))

    report = verify(cut, repository=repository())

    assert "Git holds experiment 2" in report.findings[0].what
    assert report.first_bad == cut.head()[0] + 1


def test_a_branch_that_went_on_is_found(folder):
    cut = Reader(write(folder / "cut.db", night()[:4]))

    report = verify(cut, repository=repository(tried={(TAG, 0): COMMITS[0]}))

    assert "stands at " + COMMITS[1] in report.findings[0].what


def test_a_branch_that_was_reverted_by_a_commit_stands_where_the_journal_says(folder):
    history = night()
    history[8][1][0] = history[8][1][0].__class__(
        session=TAG, experiment=2, commit=COMMITS[2], branch_at=COMMITS[8], how="revert"
    )

    report = verify(Reader(write(folder / "reverted.db", history)), repository=repository(tips={TAG: COMMITS[8]}))

    assert report.findings == []


def test_a_chain_that_was_made_to_fit_does_not_match_the_anchor(night_path):
    anchor = (12, list(Reader(night_path).rows())[11][8])
    anchored = repository(anchors={COMMITS[1]: anchor})

    before = verify(Reader(night_path), repository=anchored)
    after = verify(rechained(night_path, 7, "halve", "double"), repository=anchored)

    assert (before.findings, before.anchors) == ([], 1)
    assert "is anchored at position 12" in after.findings[-1].what


def test_a_verdict_that_was_made_better_does_not_match_its_commits_note(night_path):
    position, kept = next(
        (row[0], row) for row in Reader(night_path).rows() if row[4] == "ExperimentKept" and COMMITS[1] in row[7]
    )
    noted = repository(verdicts={COMMITS[1]: (position, kept[8])})

    before = verify(Reader(night_path), repository=noted)
    after = verify(rechained(night_path, 7, "halve", "double"), repository=noted)

    assert before.findings == []
    assert f"names the verdict at position {position}, and the journal has another there" in after.findings[-1].what


def test_notes_are_read_from_git_s_plain_files(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "halve"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    words = f"Metric: loss 0.5\nAR-Verdict: 9:{'a' * 64}\n"
    subprocess.run([*git, "notes", "--ref", "autoresearch/nov20", "add", "-m", words], check=True)

    assert enclosing(tmp_path / "journal.db").verdicts == {commit: (9, "a" * 64)}


def anchored(place):
    """The night, whose kept experiment names its proposal's place."""
    return [
        (
            stream,
            [
                msgspec.structs.replace(event, anchor=place)
                if isinstance(event, ExperimentKept) and event.experiment == 1
                else event
                for event in events
            ],
        )
        for stream, events in night()
    ]


def test_a_verdict_and_its_commit_name_the_proposal_that_is_in_the_journal(folder, night_path):
    row = list(Reader(night_path).rows())[6]
    path = write(folder / "anchored.db", anchored(f"7:{row[8]}"))

    before = verify(Reader(path), repository=repository(anchors={COMMITS[1]: (7, row[8])}))
    of_another = verify(Reader(path), repository=repository(anchors={COMMITS[1]: (6, "0" * 64)}))
    after = verify(rechained(path, 7, "halve", "double"))

    assert (row[4], before.findings) == ("IdeaProposed", [])
    assert "names another proposal than its verdict" in of_another.findings[-1].what
    assert "kept for another proposal than the one in the journal" in after.findings[-1].what


def test_a_tail_cut_before_an_anchor_is_found(folder):
    cut = Reader(write(folder / "cut.db", night()[:5]))

    report = verify(cut, repository=repository(tried={}, tips={}, anchors={COMMITS[1]: (12, "0" * 64)}))

    assert "position 12, and the journal does not reach it" in report.findings[-1].what


def commit_object(git, message):
    """A loose commit, as git writes it."""
    body = f"tree {'0' * 40}\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\n{message}".encode()
    stored = b"commit %d\0" % len(body) + body
    name = hashlib.sha1(stored).hexdigest()  # noqa: S324 - git's own name for it
    file = git / "objects" / name[:2] / name[2:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zlib.compress(stored))
    return name


def test_refs_and_anchors_are_read_from_git_s_plain_files(tmp_path):
    git = tmp_path / ".git"
    kept = commit_object(git, f"halve the batch\n\nAR-Anchor: 12:{'a' * 64}\n")
    (git / "refs/autoresearch/nov20").mkdir(parents=True)
    (git / "refs/autoresearch/nov20/1").write_text(kept + "\n")
    (git / "packed-refs").write_text(
        f"# pack-refs with: peeled fully-peeled sorted\n{'b' * 40} refs/heads/autoresearch/nov20\n"
        f"{'c' * 40} refs/tags/\xe9t\xe9\n^{'d' * 40}\n{'e' * 40} refs/autoresearch/nov20/1\n",
        encoding="latin-1",  # git takes names in any encoding
    )

    found = enclosing(tmp_path / ".ar" / "journal.db")

    assert found.tried == {("nov20", 1): kept}
    assert found.tips == {"nov20": "b" * 40}
    assert found.anchors == {kept: (12, "a" * 64)}
    assert found.packed == {"b" * 40}


def test_packed_commits_are_read_from_git_s_answer(tmp_path):
    (tmp_path / ".git/refs/heads/autoresearch").mkdir(parents=True)
    (tmp_path / ".git/refs/heads/autoresearch/nov20").write_text("b" * 40)

    found = enclosing(tmp_path / "journal.db", spoken=[f"{'b' * 40} 7:{'a' * 64}", "c" * 40])

    assert found.anchors == {"b" * 40: (7, "a" * 64)}
    assert found.packed == frozenset()


def test_without_a_repository_the_report_says_what_was_not_checked(night):
    assert "No git repository with refs in plain files" in verify(night).notes[-1]


def test_refs_that_are_no_plain_files_are_not_guessed_at(tmp_path):
    (tmp_path / ".git/reftable").mkdir(parents=True)

    assert enclosing(tmp_path / "journal.db") is None


def test_an_imported_session_has_its_commits_elsewhere(folder):
    imported = [
        (
            stream,
            [
                msgspec.structs.replace(event, branch="") if isinstance(event, SessionStarted) else event
                for event in events
            ],
        )
        for stream, events in night()
    ]

    assert (
        verify(Reader(write(folder / "imported.db", imported)), repository=repository(tried={}, tips={})).findings == []
    )


def test_real_git_is_read_in_a_linked_worktree_and_after_packing(tmp_path):
    main, linked = tmp_path / "main", tmp_path / "linked"
    subprocess.run(["git", "init", "-q", main], check=True)
    git = ["git", "-C", str(main), "-c", "user.name=a", "-c", "user.email=a@b"]
    anchor, verdict = f"5:{'a' * 64}", f"9:{'b' * 64}"
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", f"halve\n\nAR-Anchor: {anchor}"], check=True)
    subprocess.run([*git, "update-ref", "refs/autoresearch/nov20/1", "HEAD"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(linked), "-b", "autoresearch/nov20"], check=True)
    note = [*git, "notes", "--ref", "autoresearch/nov20", "add", "-m", f"Metric: 0.5\nAR-Verdict: {verdict}", "HEAD"]
    subprocess.run(note, check=True)
    loose = enclosing(linked / ".ar/journal.db")
    subprocess.run([*git, "gc", "-q", "--prune=now"], check=True)
    told = subprocess.run(
        [*git, "log", "--all", "--notes=autoresearch/*", f"--format={GIT_SAYS}"],
        check=True,
        capture_output=True,
        text=True,
    )

    packed = enclosing(linked / ".ar/journal.db", spoken=told.stdout.splitlines())

    assert packed.packed == frozenset()
    assert loose.verdicts == packed.verdicts == {loose.tips["nov20"]: (9, "b" * 64)}
    assert loose.anchors == packed.anchors == {loose.tips["nov20"]: (5, "a" * 64)}
    assert loose.tried == packed.tried == {("nov20", 1): loose.tips["nov20"]}


def test_what_is_appended_during_a_verification_is_no_finding(journal):
    class Meanwhile(Reader):
        def raw(self):
            yield from super().raw()
            journal.append(experiment_stream(TAG, 9), [proposed(9, "swap in GeLU")])

    journal.append(session_stream(TAG), [started()])

    report = verify(Meanwhile(journal.path))

    assert (report.findings, report.head[0], journal.head()[0]) == ([], 1, 2)
