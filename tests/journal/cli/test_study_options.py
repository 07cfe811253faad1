"""`--study` of log, sql and report: every session that measures the same thing, and no other."""

import json

import pytest
from commands import ar_journal
from histories import write
from scripted_session import ScriptedSession

from journal.events import session_stream

FILES = {"train.py": "LR = 0.04\n"}


def edit(value):
    return {"train.py": f"LR = {value}\n"}


@pytest.fixture
def nights(path):
    """Sessions one and three on one machine, two on another, and odd with another metric; `three` is the latest."""
    one = ScriptedSession(FILES, session="one")
    one.kept(1, "raise the rate", edit(0.05))
    two = ScriptedSession(FILES, session="two", state=one.state, device="cuda:0")
    two.kept(1, "raise it much", edit(0.5), gain=40.0)
    odd = ScriptedSession(FILES, session="odd", state=one.state, config={"metric": "seconds", "direction": "minimize"})
    three = ScriptedSession(one.files, session="three", state=one.state)
    three.kept(1, "raise it a little", edit(0.051), gain=2.0)
    three.kept(2, "raise it more", edit(0.06), gain=4.0)
    three.discarded(3, "lower it", edit(0.03), gain=-3.0)
    events = [recorded.event for night in (one, two, odd, three) for recorded in night.events]
    return write(path, [(session_stream(event.session), [event]) for event in events])


def test_the_log_of_a_study_has_the_events_of_all_its_sessions(nights):
    result = ar_journal("log", "--study", "--last", "0", "--json", journal=nights)

    sessions = dict.fromkeys(json.loads(line)["event"]["session"] for line in result.stdout.splitlines())
    assert list(sessions) == ["one", "two", "three"]


def test_the_log_of_the_study_of_a_named_session(nights):
    result = ar_journal("log", "--study", "--session", "odd", "--last", "0", "--json", journal=nights)

    assert {json.loads(line)["event"]["session"] for line in result.stdout.splitlines()} == {"odd"}


def test_an_experiment_s_number_names_no_experiment_of_a_study(nights):
    result = ar_journal("log", "--study", "--experiment", "1", journal=nights)

    assert (result.returncode, result.stdout) == (2, "")
    assert "An experiment has a number within one session: name either --experiment or --study." in result.stderr


COUNT = "SELECT session, count(*) FROM experiments GROUP BY session ORDER BY session"


def test_a_query_over_a_study_sees_its_sessions_only(nights):
    result = ar_journal("sql", COUNT, "--study", "--format", "csv", journal=nights)

    assert result.stdout.split() == ["session,count(*)", "one,2", "three,4", "two,2"]


def test_control_a_query_without_it_sees_every_session(nights):
    result = ar_journal("sql", COUNT, "--format", "csv", journal=nights)

    assert "odd,1" in result.stdout.split()


@pytest.mark.parametrize(
    "statement", ["CREATE TEMP VIEW x AS SELECT 1", "DROP VIEW experiments", "DELETE FROM main.experiments"]
)
def test_a_query_over_a_study_can_change_nothing_either(nights, statement):
    assert ar_journal("sql", statement, "--study", journal=nights).returncode == 2


@pytest.mark.parametrize("name", ["kept", "near-misses", "frontier", "studies", "price", "hours", "kinds"])
def test_the_saved_queries_answer_over_a_study(nights, name):
    assert ar_journal("sql", f"@{name}", "--study", journal=nights).returncode == 0


def test_the_frontier_goes_on_across_sessions_and_compares_within_a_device_class(nights):
    result = ar_journal("sql", "@frontier", "--study", "--format", "csv", journal=nights)

    rows = [line.split(",")[:4] for line in result.stdout.splitlines()[1:]]
    assert rows == [
        ["one", "cpu", "one", "0"],
        ["one", "cpu", "one", "1"],
        ["one", "cpu", "three", "2"],
        ["one", "cuda:0", "two", "0"],
        ["one", "cuda:0", "two", "1"],
    ]


def test_the_report_of_a_study_lists_its_sessions_and_the_best_so_far_of_each_machine(nights):
    result = ar_journal("report", "--study", journal=nights)

    assert result.stdout == (
        "# lower val_bpb\n\n"
        "Study one: 3 sessions, val_bpb, minimize.\n\n"
        "## Sessions\n\n"
        "- one on cpu: 1.5000 → 1.4800, 1 experiment, 1 kept\n"
        "- two on cuda:0: 1.5000 → 1.3000, 1 experiment, 1 kept\n"
        "- three on cpu: 1.5000 → 1.4700, 3 experiments, 2 kept\n\n"
        "## Best so far on cpu\n\n"
        "- 1.5000: one #0 the unchanged code\n"
        '- 1.4800: one #1 "raise the rate"\n'
        '- 1.4700: three #2 "raise it more"\n\n'
        "## Best so far on cuda:0\n\n"
        "- 1.5000: two #0 the unchanged code\n"
        '- 1.3000: two #1 "raise it much"\n'
    )


def test_the_report_of_a_study_is_a_page_too(nights, tmp_path):
    result = ar_journal("report", str(tmp_path / "study.html"), "--study", journal=nights)

    assert result.returncode == 0
    assert "Best so far on cuda:0" in (tmp_path / "study.html").read_text()


def test_similar_experiments_come_from_the_whole_study(nights):
    result = ar_journal("similar", "--change", "2", "--json", journal=nights)

    sessions = {row["session"] for row in json.loads(result.stdout)}
    assert sessions == {"one", "two", "three"}
