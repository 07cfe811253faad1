"""`ar-journal`, as typed."""

import contextlib
import csv
import io
import json
import os
import pty
import sqlite3
import subprocess
import sys

import pytest
from commands import ar_journal
from histories import COMMITS, TAG, proposed, started, write

from journal.cli.sql_prompt import candidates
from journal.events import ExperimentDiscarded, experiment_stream, session_stream
from journal.events.recorded import Sample
from journal.store import Journal

RUN = [sys.executable, "-c", "import sys; sys.argv[0] = 'ar-journal'; from journal.cli import main; main()"]


def test_the_log_prints_a_line_per_event(night_path):
    result = ar_journal("log", "-n", "3", journal=night_path)

    assert result.returncode == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["24", "25", "26"]
    assert "session nov20 ends: 3 experiments done" in result.stdout


def test_the_log_of_one_experiment_as_json_lines(night_path):
    result = ar_journal("log", "--experiment", "1", "--json", journal=night_path)

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["type"] for event in events] == [
        "IdeaProposed",
        "ChangeCommitted",
        "RunStarted",
        "RunFinished",
        "ExperimentKept",
    ]
    assert events[0]["event"]["idea"] == "halve the batch"


def test_the_log_is_of_the_session_asked_for_and_of_an_experiment_in_the_latest(night_path):
    with contextlib.closing(Journal(night_path)) as journal:
        journal.acquire()
        journal.append(session_stream("nov21"), [started(session="nov21")])
        journal.append(experiment_stream("nov21", 1), [proposed(1, "double it", session="nov21")])

    first = ar_journal("log", "--session", TAG, "-n", "2", journal=night_path)
    latest = ar_journal("log", "--experiment", "1", journal=night_path)

    assert [line.split()[0] for line in first.stdout.splitlines()] == ["25", "26"]
    assert [line.split()[2] for line in latest.stdout.splitlines()] == ["nov21"]


def test_show_prints_one_experiment(night_path):
    result = ar_journal("show", "2", journal=night_path)

    assert "#2 discard: swap in GeLU" in result.stdout
    assert (
        json.loads(ar_journal("show", "2", "--json", journal=night_path).stdout)["experiment"]["commit"] == COMMITS[2]
    )


def test_the_costs_come_with_how_honest_the_predictions_were(path, journal):
    predicted = proposed(1, "halve the batch", expected_delta=-0.01)
    measured = ExperimentDiscarded(session=TAG, experiment=1, metric=1.52, delta=0.03, reason="lost")
    journal.append(session_stream(TAG), [started()])
    journal.append(experiment_stream(TAG, 1), [predicted, measured])

    [row] = json.loads(ar_journal("cost", "--json", journal=path).stdout)

    assert (row["proposer"], row["proposals"], row["dollars"]) == ("sampler", 1, 0.01)
    assert [(entry["kind"], entry["predicted"], entry["measured"]) for entry in row["calibration"]] == [
        ("knob", -0.01, 0.03)
    ]
    assert "sampler predicted -0.01 on average and +0.03 was measured" in ar_journal("memory", journal=path).stdout


def test_memory_prints_the_block_as_it_is_and_as_it_was(night_path):
    now, then = ar_journal("memory", journal=night_path), ar_journal("memory", "--at", "0", journal=night_path)

    assert "### Last experiments" in now.stdout
    assert then.stdout == "No experiment has been made yet.\n"


def test_diff_in_a_pipe_is_exactly_what_was_proposed(night_path):
    assert ar_journal("diff", "1", journal=night_path).stdout == "-BATCH = 16\n+BATCH = 1\n"


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("csv", lambda text: list(csv.DictReader(io.StringIO(text)))),
        ("tsv", lambda text: list(csv.DictReader(io.StringIO(text), dialect="excel-tab"))),
        ("json", lambda text: [{key: str(value) for key, value in row.items()} for row in json.loads(text)]),
    ],
)
def test_sql_prints_what_programs_read(night_path, form, read):
    result = ar_journal(
        "sql", "SELECT number, status FROM experiments ORDER BY number", "--format", form, journal=night_path
    )

    assert read(result.stdout)[2] == {"number": "2", "status": "discard"}


def test_sql_prints_a_table_for_people(night_path):
    result = ar_journal("sql", "SELECT number, metric FROM experiments ORDER BY number", journal=night_path)

    assert result.stdout.splitlines()[:3] == ["number  metric", "──────  ──────", "     0     1.5"]


def test_sql_is_read_from_a_pipe(night_path):
    result = ar_journal("sql", journal=night_path, stdin="SELECT count(*) AS n FROM runs")

    assert result.stdout.split() == ["n", "─", "4"]


def test_saved_queries_are_listed_and_run(night_path):
    listed = ar_journal("sql", "--saved", journal=night_path).stdout
    assert "@near-misses" in listed
    assert "Which discarded ideas came closest? Better than the incumbent, but not by enough.\n" in listed
    assert "BATCH" in ar_journal("sql", "@knobs", journal=night_path).stdout


def test_a_result_that_was_cut_has_a_note_on_stderr(night_path):
    result = ar_journal("sql", "SELECT position FROM events", "--rows", "2", journal=night_path)

    assert "only the first 2 rows are shown" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "DELETE FROM events"], "one SELECT at a time"),
        (["sql", "@knob"], "ar-journal sql @knob KNOB"),
        (["sql", "@moon"], "No saved query is called moon"),
        (["sql", "SELECT '\udcff'"], "SQLite cannot run this"),
        (["show", "99"], "has no experiment 99"),
        (["log", "--experiment", "99"], "There is no experiment 99 in session nov20"),
        (["log", "--session", "moon"], "There is no session moon"),
        (["memory", "--session", "moon"], "There is no session moon: the latest is nov20"),
        (["export", "--view", "runs", "--session", "moon"], "There is no session moon"),
        (["export", "--format", "parquet"], "Parquet holds a table: name one with --view"),
        (["replay", "--state", "9" * 30], "No journal can hold this value"),
        (["report", "night.txt"], "night.txt has no suffix of a page: end it in .html or .md"),
        (["log", "--journal", "/nowhere/journal.db"], "There is no journal at /nowhere/journal.db"),
        (["plot", "/nowhere/night.png"], "/nowhere/night.png cannot be written"),
        (["plot", f"{'n' * 250}.svg"], "cannot be written: File name too long"),
        (["similar"], "name an idea in words"),
        (["plot", "night.docx"], "night.docx has no suffix of a picture"),
        (["backup", "/nowhere/copy.db"], "The copy /nowhere/copy.db could not be written"),
        (["replay", "--speed", "backwards"], "a number above 0 such as 60x, or max"),
        (["verify", "--anchors", "/nowhere/anchors"], "/nowhere/anchors cannot be read"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(night_path, arguments, message):
    result = ar_journal(*arguments, journal=night_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments", [["verify"], ["log"], ["sql", "SELECT 1"], ["import", "night.jsonl"], ["rebuild"]]
)
def test_a_folder_is_no_journal_and_is_left_as_it_is(folder, monkeypatch, arguments):
    monkeypatch.chdir(folder)
    (folder / "night.jsonl").touch()
    (folder / "night").mkdir()

    result = ar_journal(*arguments, "--journal", "night")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: night is a folder: name the journal's file.\n"
    assert sorted(path.name for path in folder.iterdir()) == ["night", "night.jsonl"]


def test_verify_exits_0_without_and_1_with_faults(night_path):
    good = ar_journal("verify", journal=night_path)
    write_over(night_path)
    bad = ar_journal("verify", journal=night_path)

    assert (good.returncode, bad.returncode) == (0, 1)
    assert "is as it was written: 26 events, 1 kept experiment, head" in good.stdout
    assert "position 7: The event does not match its hash" in bad.stdout
    assert "the first fault is at position 7" in bad.stdout
    assert json.loads(ar_journal("verify", "--json", journal=night_path).stdout)["first_bad"] == 7


def write_over(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DROP TRIGGER events_refuse_update")
    db.execute("UPDATE events SET payload = replace(payload, 'halve', 'double') WHERE position = 7")
    db.close()


def test_rebuild_repairs_changed_projections(night_path):
    db = sqlite3.connect(night_path, isolation_level=None)
    db.execute("UPDATE experiments SET metric = 0.1")
    db.close()

    assert ar_journal("verify", journal=night_path).returncode == 1
    assert ar_journal("rebuild", journal=night_path)[::2] == (
        0,
        f"{night_path}: the tables are rebuilt from 26 events.\n",
    )
    assert ar_journal("verify", journal=night_path).returncode == 0


def test_an_export_imports_to_the_same_head(night_path, folder):
    exported = folder / "night.jsonl"
    exported.write_text(ar_journal("export", journal=night_path).stdout)

    imported = ar_journal("import", str(exported), "--journal", str(folder / "copy.db"))

    again = ar_journal("import", str(exported), "--journal", str(folder / "copy.db"))
    assert imported.returncode == 0
    assert ar_journal("export", journal=folder / "copy.db").stdout == exported.read_text()
    assert again.returncode == 2
    assert "already holds 26 events" in again.stderr


def test_an_export_that_was_changed_is_not_imported_and_leaves_nothing(night_path, folder):
    exported = folder / "night.jsonl"
    exported.write_text(ar_journal("export", journal=night_path).stdout.replace("halve", "double"))

    result = ar_journal("import", str(exported), "--journal", str(folder / "copy" / "copy.db"))

    assert result.returncode == 2
    assert "position 7 does not follow" in result.stderr
    assert not list((folder / "copy").glob("*"))


def test_results_are_exported_and_imported(night_path, folder):
    table = folder / "results.tsv"
    table.write_text(ar_journal("export", "--as", "results", journal=night_path).stdout)

    assert ar_journal("import", str(table), "--journal", str(folder / "old.db")).returncode == 0
    assert ar_journal("export", "--as", "results", journal=folder / "old.db").stdout == table.read_text()
    assert ar_journal("export", "--as", "iterations", journal=night_path).stdout.startswith("iteration\tchange\tbefore")


def test_a_table_of_results_is_imported_once(folder):
    table = folder / "results.tsv"
    table.write_text("commit\tval_bpb\tmemory_gb\tstatus\tdescription\na1b2c3d\t0.99\t44.0\tkeep\tbaseline\n")

    first, again, apart = (
        ar_journal("import", str(table), "--session", tag, "--journal", str(folder / "old.db"))
        for tag in ("march", "march", "april")
    )

    assert (first.returncode, again.returncode, apart.returncode) == (0, 2, 0)
    assert "has a session march already: name another with --session" in again.stderr
    assert (
        ar_journal("export", "--as", "results", "--session", "march", journal=folder / "old.db").stdout.count("keep")
        == 1
    )


def test_a_table_that_is_no_text_is_refused_and_leaves_nothing(folder):
    (folder / "results.tsv").write_bytes(b"commit\xff")

    result = ar_journal("import", str(folder / "results.tsv"), "--journal", str(folder / "new" / "old.db"))

    assert result.returncode == 2
    assert "results.tsv cannot be read" in result.stderr
    assert not list((folder / "new").glob("*"))


def test_a_backup_verifies(night_path, folder):
    assert ar_journal("backup", str(folder / "copy.db"), journal=night_path).returncode == 0
    assert ar_journal("verify", journal=folder / "copy.db").returncode == 0


def test_replay_prints_the_events_and_the_state(night_path):
    result = ar_journal("replay", "--from", "3", "--until", "5", journal=night_path)
    state = json.loads(ar_journal("replay", "--state", "11", journal=night_path).stdout)

    assert len(result.stdout.splitlines()) == 3
    assert (state["position"], [row["status"] for row in state["experiments"]]) == (11, ["keep", "keep"])


def test_a_plot_is_a_picture(night_path, folder):
    pytest.importorskip("matplotlib")

    result = ar_journal("plot", str(folder / "night.svg"), journal=night_path)

    assert (result.returncode, result.stdout, result.stderr) == (
        0,
        "",
        f"{folder / 'night.svg'} shows session nov20.\n",
    )
    assert "halve the batch" in (folder / "night.svg").read_text()


def test_finding_nothing_is_exit_1(night_path):
    result = ar_journal("failures", "xylophone", journal=night_path)

    assert (result.returncode, result.stderr) == (1, "Nothing found.\n")


@pytest.mark.parametrize(
    "command",
    [
        ["failures", "xylophone"],
        ["similar", "xylophone"],
        ["show", "2", "--prompt"],
        ["sql", "SELECT 1 WHERE 0"],
    ],
)
def test_a_program_that_finds_nothing_gets_an_empty_list_and_exit_0(night_path, command):
    result = ar_journal(*command, "--json", journal=night_path)

    assert (result.returncode, json.loads(result.stdout)) == (0, [])


def test_a_journal_without_failures_has_an_empty_list_of_them(path, journal):
    journal.append(session_stream(TAG), [started()])

    result = ar_journal("failures", "--json", journal=path)

    assert (result.returncode, result.stdout) == (0, "[]\n")


def test_an_open_pipe_that_closes_is_no_error(night_path):
    shell = f"{' '.join(map(repr, RUN))} log | head -1"
    result = subprocess.run(
        ["bash", "-c", shell],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"AR_JOURNAL": str(night_path)},
    )

    assert "Traceback" not in result.stderr


def test_the_prompt_answers_on_a_terminal(night_path):
    terminal, inside = pty.openpty()
    environ = os.environ | {"AR_JOURNAL": str(night_path), "TERM": "dumb"}
    process = subprocess.Popen([*RUN, "sql"], stdin=inside, stdout=inside, stderr=inside, env=environ)
    os.close(inside)

    result = b"".join(
        typed(terminal, line) for line in (b"SELECT count(*) AS answers\n", b"@moon\n", b"SELEC\n", b"\x04")
    ).decode()

    assert process.wait(timeout=30) == 0
    os.close(terminal)
    assert "answers" in result
    assert "No saved query is called moon" in result
    assert "syntax error" in result


def typed(terminal, keys):
    """Wait for the prompt, type, and return what was on the screen before."""
    seen = b""
    while not seen.endswith(b"sql> "):
        seen += os.read(terminal, 1)
    os.write(terminal, keys)
    return seen


def test_the_prompt_completes_tables_columns_and_saved_queries():
    assert candidates("gain") == ["gain_sigma"]
    assert "experiments" in candidates("exp")
    assert candidates("@near") == ["@near-misses"]


@pytest.mark.parametrize("command", ["--help", "log --help", "sql --help", "verify --help"])
def test_help_has_an_example(command):
    result = ar_journal(*command.split())

    assert result.returncode == 0
    assert "Example: " in result.stdout


@pytest.mark.parametrize(
    "code",
    ["import journal", "import journal.store", "import journal.cli", "import journal.store.tail, journal.query.sql"],
)
def test_importing_loads_nothing_heavy(code):
    heavy = {"torch", "anthropic", "textual", "sqlite_utils", "matplotlib", "numpy", "git", "rich"}
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )

    assert heavy & {name.split(".")[0] for name in result.stdout.split()} == set()


def test_a_whole_read_loads_nothing_heavy(night_path):
    code = (
        "import sys; sys.argv = ['ar-journal', 'log']\nfrom journal.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"AR_JOURNAL": str(night_path)},
    )

    assert {"torch", "sqlite_utils", "matplotlib", "numpy"} & set(result.stdout.split()) == set()


def test_the_log_is_followed_until_ctrl_c(path):
    write(path)
    environ = os.environ | {"AR_JOURNAL": str(path)}
    process = subprocess.Popen([*RUN, "log", "-n", "1", "--follow"], stdout=subprocess.PIPE, text=True, env=environ)
    first = process.stdout.readline()

    process.send_signal(2)

    assert "session nov20 ends" in first
    assert process.wait(timeout=30) == 130
    process.stdout.close()


@pytest.mark.parametrize("command", ["backup", "plot"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_plain_file_is_never_replaced(night_path, folder, command, make):
    target = folder / "night.svg"
    make(target)

    result = ar_journal(command, str(target), journal=night_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert str(target) in result.stderr
    assert "name a" in result.stderr
    assert not target.is_file()


def test_a_picture_replaces_a_plain_file_and_leaves_nothing_beside_it(night_path, folder):
    (folder / "picture.svg").write_text("an earlier night")

    result = ar_journal("plot", str(folder / "picture.svg"), journal=night_path)

    assert result.returncode == 0
    assert (folder / "picture.svg").read_text().startswith("<?xml")
    assert sorted(path.name for path in folder.glob("*picture*")) == ["picture.svg"]


def test_a_view_is_exported_whole_in_the_order_of_its_columns(night_path):
    result = ar_journal("export", "--view", "experiments", journal=night_path)
    as_json = ar_journal("export", "--view", "frontier", "--format", "json", journal=night_path)

    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["status"] for row in rows] == ["keep", "keep", "discard", "crash"]
    assert [row["metric"] for row in json.loads(as_json.stdout)] == [1.5, 1.48]
    assert "experiments, runs, refusals" in ar_journal("export", "--view", "moods", journal=night_path).stderr


# --- the curve of a run ---


def test_a_curve_is_evenly_spaced_with_its_first_and_last_step(path, journal):
    journal.append(session_stream(TAG), [started()])
    journal.append(experiment_stream(TAG, 1), [proposed(1, "halve the batch")])
    samples = [
        Sample(session=TAG, experiment=1, run=1, step=step, seconds=step / 10, loss=9.0 - step) for step in range(9)
    ]
    journal.add_samples(samples)

    result = ar_journal("curve", "1", "--points", "3", "--json", journal=path)

    assert [(row["step"], row["loss"]) for row in json.loads(result.stdout)] == [(0, 9.0), (4, 5.0), (8, 1.0)]
    assert len(json.loads(ar_journal("curve", "1", "--json", journal=path).stdout)) == 9


def test_a_run_that_reported_nothing_has_no_curve(night_path):
    result, as_json = (
        ar_journal("curve", "1", journal=night_path),
        ar_journal("curve", "1", "--json", journal=night_path),
    )

    assert (result.returncode, result.stderr) == (1, "Run 1 of experiment 1 has reported nothing.\n")
    assert (as_json.returncode, as_json.stdout) == (0, "[]\n")


def test_a_curve_of_no_experiment_is_refused(night_path):
    result = ar_journal("curve", "99", journal=night_path)

    assert result.returncode == 2
    assert "has no experiment 99" in result.stderr


# --- the Model Context Protocol ---


def test_without_its_package_mcp_says_what_to_install(night_path, monkeypatch):
    monkeypatch.setattr("journal.cli.mcp.find_spec", lambda _name: None)

    result = ar_journal("mcp", journal=night_path)

    assert result.returncode == 2
    assert result.stderr == (
        "error: `ar-journal mcp` needs the package mcp, which is not installed: `pip install 'ar-loop[mcp]'`.\n"
    )
