"""A journal that was tampered with is found out, each time, at the first bad position."""

import contextlib
import hashlib
import sqlite3
import subprocess
import zlib

import msgspec
import pytest
from histories import COMMITS, TAG, night, proposed, started, write

from journal.errors import JournalUnusable
from journal.events import ExperimentKept, SessionStarted, experiment_stream, session_stream
from journal.store import Journal, Reader
from journal.store.chain import GENESIS, link
from journal.verify.checks import verify
from journal.verify.git_files import FORMAT, Anchor, GitNote, Repository, read_repository

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
    commits = {(TAG, number): COMMITS[number] for number in range(4)}
    return Repository(**{"experiments": commits, "tips": {TAG: COMMITS[1]}} | facts)


def test_a_session_is_as_it_was_written(night):
    report = verify(night, repository=repository())

    assert report.findings == []
    assert (report.head, report.kept) == (night.head(), 1)


@pytest.mark.parametrize(
    ("statement", "position", "message"),
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
def test_a_changed_event_is_found_at_its_position(night_path, statement, position, message):
    report = verify(tampered(night_path, statement))

    assert report.first_bad == position
    assert message in report.findings[0].what


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

    assert finding.what == f"The trigger {name}, which protects events from changes, is missing."


def test_a_weakened_guard_is_found(night_path):
    db = sqlite3.connect(night_path)
    db.execute("DROP TRIGGER events_refuse_update")
    db.execute("CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events WHEN 0 BEGIN SELECT 1; END")
    db.close()

    assert "not the one that this program made" in verify(Reader(night_path)).findings[0].what


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            'CREATE TRIGGER echo AFTER INSERT ON "events" BEGIN DELETE FROM samples; END',
            "This program did not make the trigger echo, which acts on the table of events.",
        ),
        (
            'CREATE TRIGGER "a on b" AFTER INSERT ON events BEGIN DELETE FROM samples; END',
            "This program did not make the trigger a on b, which acts on the table of events.",
        ),
        (
            "CREATE TRIGGER quiet AFTER INSERT ON samples BEGIN DELETE FROM lease; END",
            "This program did not make the trigger quiet, which acts on the table samples.",
        ),
        (
            "CREATE TRIGGER sly AFTER UPDATE ON experiments BEGIN SELECT 1; END",
            "This program did not make the trigger sly, which acts on the table experiments.",
        ),
        (
            "CREATE INDEX added ON events (hash)",
            "This program did not make the index added, which is on the table of events.",
        ),
        ("CREATE VIEW best AS SELECT 1", "This program did not make the view best."),
        ("CREATE TABLE notes (text)", "This program did not make the table notes."),
        ("DROP INDEX events_by_idempotency", "The index events_by_idempotency is missing."),
        ("DROP TABLE samples", "The table samples is missing."),
        (
            "DROP INDEX runs_by_status_failure",
            "The index runs_by_status_failure is missing: run `ar-journal rebuild`.",
        ),
        ("ALTER TABLE samples ADD COLUMN more REAL", "The table samples is not the one that this program made."),
        ("ALTER TABLE runs ADD COLUMN more REAL", "The table runs is not the one that this program made."),
    ],
)
def test_a_layout_that_differs_from_this_program_s_is_found(night_path, statement, fault):
    before = verify(Reader(night_path)).findings
    db = sqlite3.connect(night_path)
    db.execute(statement)
    db.close()

    after = verify(Reader(night_path, any_layout=True)).findings

    assert before == []
    assert [finding.what for finding in after] == [fault]


ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i"


@pytest.mark.parametrize("name", ["events", "samples", "lease", "Samples"])
def test_a_view_in_place_of_a_table_is_refused_before_it_is_read(night_path, name):
    db = sqlite3.connect(night_path)
    db.execute(f"ALTER TABLE {name} RENAME TO hidden")
    db.execute(f"CREATE VIEW {name} AS {ENDLESS} AS position, '' AS hash, 1 AS token FROM n")
    db.close()

    with pytest.raises(JournalUnusable, match=f"is not a journal: its {name.lower()} are a view, not a table"):
        Reader(night_path)


def test_control_such_a_view_has_rows_without_end(night_path):
    db = sqlite3.connect(night_path)
    db.execute(f"CREATE VIEW endless AS {ENDLESS} FROM n")
    db.set_progress_handler(lambda: 1, 1_000_000)

    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute("SELECT max(i) FROM endless").fetchone()
    db.close()


def test_events_in_another_kind_of_table_are_not_read(night_path):
    db = sqlite3.connect(night_path)
    db.execute("DROP TABLE events")
    db.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, hash TEXT AS (hex(zeroblob(1000000))))")
    db.close()

    report = verify(Reader(night_path, any_layout=True))

    with pytest.raises(JournalUnusable, match="its table events is another than this program makes"):
        Reader(night_path)
    assert "The table of events is not the one that this program made." in [finding.what for finding in report.findings]
    assert report.notes == ["The events were not read, because their table is not the one that this program made."]


@pytest.mark.parametrize(
    ("version", "layout"),
    [
        (3, "DROP TABLE projected; DROP TABLE machine_samples"),
        (4, "ALTER TABLE runs DROP COLUMN numbers; DROP TABLE machine_samples"),
        (5, "ALTER TABLE runs DROP COLUMN numbers"),
    ],
)
def test_a_journal_of_an_earlier_program_is_sound_before_and_after_its_migration(night_path, version, layout):
    db = sqlite3.connect(night_path)
    db.executescript(layout)
    db.execute("UPDATE projected SET fingerprint = 'older'" if version > 3 else "SELECT 1")
    db.execute("DELETE FROM _sqlite_migrations WHERE name > ?", (f"m{version + 1:03}",))
    db.execute(f"PRAGMA user_version = {version}")
    db.commit()
    db.close()

    before = verify(Reader(night_path)).findings
    migrated = Journal(night_path)
    migrated.acquire()
    migrated.close()
    after = verify(Reader(night_path))

    assert before == after.findings == []
    assert not any("not built" in note for note in after.notes)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("token = token + 5", "The lease has token 6, but the last loop took 1: somebody changed it."),
        ("token = 0", "The lease of the last writer is missing."),
    ],
)
def test_a_changed_token_of_the_lease_is_found(night_path, change, finding):
    db = sqlite3.connect(night_path, isolation_level=None)
    db.execute(f"UPDATE lease SET {change}")
    db.close()

    assert [found.what for found in verify(Reader(night_path)).findings] == [finding]


def next_token(path):
    """The token of one more loop."""
    with contextlib.closing(Journal(path)) as journal:
        return journal.acquire().token


def test_a_restored_backup_has_an_older_token_which_is_a_note_and_never_used_again(night_path, folder):
    with contextlib.closing(Reader(night_path)) as reader:
        reader.backup(folder / "copy.db")
    later = next_token(night_path)
    (folder / "copy.db").replace(night_path)

    with contextlib.closing(Reader(night_path)) as reader:
        report = verify(reader)

    assert report.findings == []
    assert f"The lease has token {later - 1}, but the last loop had {later}" in report.notes[0]
    assert next_token(night_path) == later + 1


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE experiments SET metric = 0.9 WHERE number = 2", "experiments differs from the events at number 2"),
        ("DELETE FROM frontier WHERE experiment = 1", "frontier differs from the events at position 11"),
        ("DELETE FROM failures", "full text failures"),
        ("UPDATE ideas SET idea = 'nothing'", "full text ideas"),
    ],
)
def test_a_changed_projection_is_found(night_path, statement, message):
    db = sqlite3.connect(night_path, isolation_level=None)
    db.execute(statement)
    db.close()

    [finding] = verify(Reader(night_path)).findings

    assert message in finding.what


def test_dropped_projections_are_a_note_and_no_fault(night_path):
    db = sqlite3.connect(night_path)
    db.execute("DROP TABLE runs")
    db.close()

    report = verify(Reader(night_path), repository=repository())

    assert report.findings == []
    assert "not built" in report.notes[0]


def test_a_kept_commit_that_git_does_not_hold_is_found(night):
    report = verify(night, repository=repository(experiments={}))

    assert report.findings[0].what == f"Kept experiment 1 of {TAG} has no ref in git."
    assert report.first_bad is not None


def test_a_kept_commit_that_is_another_in_git_is_found(night):
    report = verify(night, repository=repository(experiments={(TAG, 1): COMMITS[7]}))

    assert f"is another commit in git: {COMMITS[7]}" in report.findings[0].what


def test_a_tail_cut_off_while_git_went_on_is_found(folder):
    cut = Reader(write(folder / "cut.db", night()[:5]))

    report = verify(cut, repository=repository())

    assert "Git has experiment 2" in report.findings[0].what
    assert report.first_bad == cut.head()[0] + 1


def test_a_branch_that_went_on_is_found(folder):
    cut = Reader(write(folder / "cut.db", night()[:4]))

    report = verify(cut, repository=repository(experiments={(TAG, 0): COMMITS[0]}))

    assert "is at " + COMMITS[1] in report.findings[0].what


def test_a_branch_that_was_reverted_by_a_commit_is_where_the_journal_has_it(folder):
    history = night()
    history[8][1][0] = history[8][1][0].__class__(
        session=TAG, experiment=2, commit=COMMITS[2], branch_at=COMMITS[8], how="revert"
    )

    report = verify(Reader(write(folder / "reverted.db", history)), repository=repository(tips={TAG: COMMITS[8]}))

    assert report.findings == []


def test_a_chain_that_was_made_to_fit_does_not_match_the_anchor(night_path):
    anchor = Anchor(12, list(Reader(night_path).rows())[11][8])
    anchored = repository(anchors={COMMITS[1]: anchor})

    before = verify(Reader(night_path), repository=anchored)
    after = verify(rechained(night_path, 7, "halve", "double"), repository=anchored)

    assert (before.findings, before.anchors) == ([], 1)
    assert "has its anchor at position 12" in after.findings[-1].what


def test_a_verdict_that_was_made_better_does_not_match_its_commits_note(night_path):
    position, kept = next(
        (row[0], row) for row in Reader(night_path).rows() if row[4] == "ExperimentKept" and COMMITS[1] in row[7]
    )
    noted = repository(verdicts=[GitNote(COMMITS[1], Anchor(position, kept[8]))])

    before = verify(Reader(night_path), repository=noted)
    after = verify(rechained(night_path, 7, "halve", "double"), repository=noted)

    assert before.findings == []
    assert f"has its verdict at position {position}, and the journal has another event there" in after.findings[-1].what


def test_notes_are_read_from_git_s_plain_files(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "halve"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    note = f"Metric: loss 0.5\nAR-Verdict: 9:{'a' * 64}\n"
    subprocess.run([*git, "notes", "--ref", "autoresearch/nov20", "add", "-m", note], check=True)

    assert read_repository(tmp_path / "journal.db").verdicts == [GitNote(commit, Anchor(9, "a" * 64), "nov20")]


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

    before = verify(Reader(path), repository=repository(anchors={COMMITS[1]: Anchor(7, row[8])}))
    of_another = verify(Reader(path), repository=repository(anchors={COMMITS[1]: Anchor(6, "0" * 64)}))
    after = verify(rechained(path, 7, "halve", "double"))

    assert (row[4], before.findings) == ("IdeaProposed", [])
    assert "names another proposal than its verdict" in of_another.findings[-1].what
    assert "kept for another proposal than the one in the journal" in after.findings[-1].what


def test_a_tail_cut_before_an_anchor_is_found(folder):
    cut = Reader(write(folder / "cut.db", night()[:5]))

    report = verify(cut, repository=repository(experiments={}, tips={}, anchors={COMMITS[1]: Anchor(12, "0" * 64)}))

    assert "position 12, and the journal ends before it" in report.findings[-1].what


def test_how_many_events_stand_on_no_anchor_is_a_note(night_path):
    hashes = [row[8] for row in Reader(night_path).rows()]
    anchored = repository(anchors={COMMITS[1]: Anchor(12, hashes[11])})

    some, none = (verify(Reader(night_path), repository=found).notes for found in (anchored, repository()))

    assert some == ["No anchor in git covers the last 14 events: a change or a cut there cannot be found."]
    assert none == ["No anchor in git covers the last 26 events: a change or a cut there cannot be found."]


OTHER = "d" * 16  # the name of another journal


@pytest.mark.parametrize(
    "facts",
    [
        {"experiments": {("dec01", 1): COMMITS[8]}, "anchors": {COMMITS[8]: Anchor(40, "0" * 64)}},
        {"experiments": {("dec01", 1): COMMITS[8]}, "anchors": {COMMITS[8]: Anchor(12, "0" * 64, OTHER)}},
        {"experiments": {(TAG, 9): COMMITS[8]}, "anchors": {COMMITS[8]: Anchor(12, "0" * 64, OTHER)}},
        {"verdicts": [GitNote(COMMITS[8], Anchor(12, "0" * 64, OTHER))]},
        {"verdicts": [GitNote(COMMITS[0], Anchor(12, "0" * 64, OTHER), TAG)]},
        {"verdicts": [GitNote(COMMITS[8], Anchor(12, "0" * 64), "dec01")]},
        {"tips": {TAG: COMMITS[8]}, "anchors": {COMMITS[8]: Anchor(12, "0" * 64, OTHER)}},
    ],
    ids=[
        "older commit",
        "named commit",
        "same tag",
        "named note",
        "note on a shared base",
        "older note",
        "branch of the same tag",
    ],
)
def test_commits_of_another_journal_in_the_repository_are_no_findings(night, facts):
    own = repository()
    both = repository(**facts | {"experiments": {**own.experiments, **facts.get("experiments", {})}})

    report = verify(night, repository=both)

    assert report.findings == []
    assert "1 commits of other journals were not compared." in report.notes


@pytest.mark.parametrize(
    ("commit", "message"),
    [(COMMITS[1], f"it names another journal ({OTHER}) than this one"), (COMMITS[8], "")],
    ids=["a commit of this journal", "control: a commit that it does not name"],
)
def test_a_commit_of_this_journal_may_not_name_another_one(night, commit, message):
    report = verify(night, repository=repository(anchors={commit: Anchor(12, "0" * 64, OTHER)}))

    assert message in " ".join(["", *(finding.what for finding in report.findings)])
    assert bool(report.findings) is (commit == COMMITS[1])


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

    found = read_repository(tmp_path / ".ar" / "journal.db")

    assert found.experiments == {("nov20", 1): kept}
    assert found.tips == {"nov20": "b" * 40}
    assert found.anchors == {kept: Anchor(12, "a" * 64)}
    assert found.packed == {"b" * 40}


def test_packed_commits_are_read_from_git_s_answer(tmp_path):
    (tmp_path / ".git/refs/heads/autoresearch").mkdir(parents=True)
    (tmp_path / ".git/refs/heads/autoresearch/nov20").write_text("b" * 40)

    found = read_repository(tmp_path / "journal.db", git_log=[f"{'b' * 40} 7:{'a' * 64}", "c" * 40])

    assert found.anchors == {"b" * 40: Anchor(7, "a" * 64)}
    assert found.packed == frozenset()


def test_without_a_repository_the_report_notes_what_was_not_checked(night):
    assert "in no git repository with refs in plain files" in verify(night).notes[-1]


def test_refs_that_are_no_plain_files_are_not_guessed_at(tmp_path):
    (tmp_path / ".git/reftable").mkdir(parents=True)

    assert read_repository(tmp_path / "journal.db") is None


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
        verify(Reader(write(folder / "imported.db", imported)), repository=repository(experiments={}, tips={})).findings
        == []
    )


def test_real_git_is_read_in_a_linked_worktree_and_after_packing(tmp_path):
    main, linked = tmp_path / "main", tmp_path / "linked"
    subprocess.run(["git", "init", "-q", main], check=True)
    git = ["git", "-C", str(main), "-c", "user.name=a", "-c", "user.email=a@b"]
    anchor, verdict = f"5:{'a' * 64}", f"9:{'b' * 64}"
    subprocess.run(
        [*git, "commit", "-q", "--allow-empty", "-m", f"halve\n\nAR-Anchor: {anchor}\nAR-Journal: {'c' * 16}"],
        check=True,
    )
    subprocess.run([*git, "update-ref", "refs/autoresearch/nov20/1", "HEAD"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(linked), "-b", "autoresearch/nov20"], check=True)
    note = [
        *git,
        "notes",
        "--ref",
        "autoresearch/nov20",
        "add",
        "-m",
        f"Metric: 0.5\nAR-Verdict: {verdict}\nAR-Journal: {'c' * 16}",
        "HEAD",
    ]
    subprocess.run(note, check=True)
    loose = read_repository(linked / ".ar/journal.db")
    subprocess.run([*git, "gc", "-q", "--prune=now"], check=True)
    result = subprocess.run(
        [*git, "log", "--all", "--notes=autoresearch/*", f"--format={FORMAT}"],
        check=True,
        capture_output=True,
        text=True,
    )

    packed = read_repository(linked / ".ar/journal.db", git_log=result.stdout.splitlines())

    assert packed.packed == frozenset()
    note = GitNote(loose.tips["nov20"], Anchor(9, "b" * 64, "c" * 16))
    assert (loose.verdicts, packed.verdicts) == ([note._replace(session="nov20")], [note])
    assert loose.anchors == packed.anchors == {loose.tips["nov20"]: Anchor(5, "a" * 64, "c" * 16)}
    assert loose.experiments == packed.experiments == {("nov20", 1): loose.tips["nov20"]}


def test_what_is_appended_during_a_verification_is_no_finding(journal):
    class Meanwhile(Reader):
        def raw_pages(self):
            yield from super().raw_pages()
            journal.append(experiment_stream(TAG, 9), [proposed(9, "swap in GeLU")])

    journal.append(session_stream(TAG), [started()])

    report = verify(Meanwhile(journal.path))

    assert (report.findings, report.head[0], journal.head()[0]) == ([], 1, 2)


def test_a_journal_with_an_event_of_an_older_schema_verifies(night, folder):
    stream, payload = session_stream(TAG), f'{{"session":"{TAG}","reason":"429","until":null}}'
    header = (
        night.head()[0] + 1,
        "2026-11-21T00:00:00+00:00",
        stream,
        len(night.stream(stream)) + 1,
        "SessionPaused",
        1,
        None,
    )
    row = (*header, payload, link(night.head()[1], header, payload.encode()))

    with contextlib.closing(Journal(folder / "copy.db")) as journal:
        journal.acquire()
        journal.restore([*night.rows(), row])

        assert verify(journal).findings == []
        assert journal.state().sessions.rows[TAG].state == "paused"
