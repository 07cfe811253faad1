"""Whole small nights, as processes: what is recorded, where the branch stands, and how a person ends one."""

import json
import os
import signal
import subprocess

import pytest
from toys import BRIEF, IDENTITY, LOOP, MOODY, SCRIPTED, SPEAKING, Project, gone

from journal.events import (
    BriefChanged,
    ChangeCommitted,
    ChangeReverted,
    DirectionAcknowledged,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    NoiseMeasured,
    PauseAcknowledged,
    PauseRequested,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunStarted,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SkipAcknowledged,
    StopAcknowledged,
    Verdict,
)
from journal.store.intents import post

ONE_BASELINE = BRIEF.replace("baseline_runs: 2", "baseline_runs: 1")


def speaking(seconds: object) -> str:
    """A training that lasts some time and speaks while it does."""
    return SPEAKING.replace("SECONDS", str(seconds))


def slow(root, seconds: object = 20, *, brief: str = BRIEF) -> Project:
    """A project whose training outlasts the test."""
    return Project(root, train=speaking(seconds), brief=brief.replace("budget: 5s", "budget: 60s"))


def in_training(project: Project, *arguments: str) -> subprocess.Popen:
    """A loop that has just launched its first training."""
    loop = project.start("run", "--tag", "night", *arguments)
    project.until(RunLaunched)
    return loop


def finish(loop: subprocess.Popen) -> int:
    return loop.wait(timeout=30)


# --- a night -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A finished night of six experiments in which everything happens, on a dirty checkout."""
    root = tmp_path_factory.mktemp("night") / "toy"
    project = Project(root, brief=SCRIPTED, train=MOODY, rates="0.45 0.7 0.55 0.15 0.4 0.35 0.32")
    (project.root / "notes.txt").write_text("mine\n")
    project.before = project.picture()
    project.done = project.loop("run", "--experiments", "6", "--tag", "night", "--json")
    return project


def test_a_night_ends_well_and_says_where_it_stands(night):
    assert night.done.returncode == 0, night.done.stderr
    assert night.status() == json.loads(night.done.stdout)
    assert night.status()["experiments"] == 6
    assert night.status()["state"] == "paused"


def test_every_kind_of_end_is_recorded(night):
    verdicts = {type(event) for event in night.of(Verdict)}

    assert verdicts == {ExperimentKept, ExperimentDiscarded, ExperimentCrashed}
    assert {event.kind for event in night.of(RunFailed)} == {"crash", "no_metric"}
    assert (
        "ValueError: the rate is too high"
        in next(event for event in night.of(RunFailed) if event.kind == "crash").trace
    )


def test_the_baseline_is_measured_first_and_gives_the_noise(night):
    purposes = [event.purpose for event in night.of(RunStarted)][:2]
    noise = night.of(NoiseMeasured)[0]

    assert purposes == ["baseline", "baseline"]
    assert (noise.experiment, noise.values, noise.sigma) == (0, (0.2, 0.2), 0.0)


def test_what_is_kept_is_better_and_what_is_let_go_is_not(night):
    kept = [event.metric for event in night.of(ExperimentKept)]
    discarded = night.of(ExperimentDiscarded)

    assert kept == sorted(kept, reverse=True)
    assert len(kept) > 1
    assert all(event.delta >= 0 for event in discarded)


def test_a_crash_has_no_metric_at_all(night):
    assert {event.metric for event in night.of(ExperimentCrashed)} == {None}


def test_the_branch_stands_at_the_last_kept_commit(night):
    assert night.branch("night") == night.of(ExperimentKept)[-1].commit


def test_every_commit_that_was_tried_is_held_and_no_other(night):
    held = dict(
        line.split()
        for line in night.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/autoresearch").splitlines()
    )

    assert held == {f"refs/autoresearch/night/{event.experiment}": event.commit for event in night.of(ChangeCommitted)}


def test_a_commit_says_which_experiment_it_is(night):
    message = night.git("log", "-1", "--format=%(trailers:key=Experiment,valueonly)", "refs/autoresearch/night/3")

    assert message == "3"


def test_intent_comes_before_the_act(night):
    names = [type(event).__name__ for event in night.events() if getattr(event, "experiment", None) == 1]

    assert names[:4] == ["IdeaProposed", "ChangeCommitted", "RunStarted", "RunLaunched"]


def test_the_checkout_is_as_it_was_the_memory_block_aside(night):
    after = night.picture()
    files = {name: data for name, data in after["files"].items() if name != "program.md"}

    assert files == {name: data for name, data in night.before["files"].items() if name != "program.md"}
    assert {key: after[key] for key in ("index", "head", "refs")} == {
        key: night.before[key] for key in ("index", "head", "refs")
    }
    assert [line for line in after["status"].splitlines() if line not in night.before["status"].splitlines()] == [
        line for line in after["status"].splitlines() if line.endswith(" program.md")
    ]
    assert night.brief.read_bytes().startswith(SCRIPTED.encode())
    assert "Last experiments" in night.brief.read_text()


def test_nothing_of_a_run_stays_on_disk_but_its_logs(night):
    left = {path.name for folder in (night.root / ".ar" / "runs").iterdir() for path in folder.iterdir()}

    assert left <= {"train.log", "out"}


def test_stdout_is_data_and_the_story_is_told_on_stderr(night):
    assert len(night.done.stdout.splitlines()) == 1
    assert "KEPT" in night.done.stderr
    assert "Traceback" not in night.done.stderr


def test_another_call_continues_where_the_last_one_ended(night):
    before = night.events()

    done = night.loop("run", "--experiments", "1")

    assert done.returncode == 0
    assert night.events()[: len(before)] == before
    assert [type(event) for event in night.events()[len(before) :][:2]] == [SessionResumed, IdeaProposed]
    assert night.status()["experiments"] == 7


# --- how a session ends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "reason"),
    [("experiments: 1", "the one experiment of the brief is done"), ("target: 0.2", "the target 0.2 is reached")],
)
def test_a_bound_of_the_brief_ends_the_session(tmp_path, lines, reason):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("scope:", f"{lines}\nscope:"))

    done = project.loop("run", "--tag", "night")

    assert done.returncode == 0
    assert project.of(SessionEnded)[0].reason == reason


def test_a_rollback_by_revert_leaves_the_history_on_the_branch(tmp_path):
    project = Project(
        tmp_path / "toy",
        train=MOODY,
        rates="0.55 0.45 0.7 0.4",
        brief=SCRIPTED.replace("scope:", "rollback: revert\nscope:"),
    )

    project.loop("run", "--experiments", "4", "--tag", "night")

    tried = {event.commit for event in project.of(ChangeCommitted)}
    reverted = project.of(ChangeReverted)
    assert reverted
    assert tried <= set(project.git("rev-list", "autoresearch/night").splitlines())
    assert project.branch("night") in {reverted[-1].branch_at, project.of(ExperimentKept)[-1].commit}
    assert project.git("rev-parse", "autoresearch/night^{tree}") == project.git(
        "rev-parse", f"{project.of(ExperimentKept)[-1].commit}^{{tree}}"
    )


# --- a person at the keyboard --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_pauses_the_session(tmp_path, number):
    project = slow(tmp_path / "toy")
    loop = in_training(project)

    loop.send_signal(number)

    assert finish(loop) == 130
    assert [event.kind for event in project.of(RunFailed)] == ["interrupted"]
    assert isinstance(project.events()[-1], SessionPaused)
    assert gone(f"HOME={project.root}")


def test_a_loop_under_nohup_goes_on_when_its_terminal_is_closed(tmp_path):
    project = Project(tmp_path / "toy", train=speaking(0.5), brief=ONE_BASELINE)
    command = ["nohup", *LOOP, "run", "--tag", "night", "--experiments", "0"]
    loop = subprocess.Popen(command, cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    project.until(RunLaunched)

    loop.send_signal(signal.SIGHUP)

    assert finish(loop) == 0
    assert len(project.of(ExperimentKept)) == 1


def test_ctrl_c_in_an_experiment_records_and_reverts_it_and_the_next_call_goes_on(tmp_path):
    project = Project(tmp_path / "toy", train=speaking(0.5), brief=ONE_BASELINE)
    loop = project.start("run", "--tag", "night", start_new_session=True)
    project.until(RunLaunched, where=lambda event: event.experiment == 1)

    os.killpg(loop.pid, signal.SIGINT)  # as a terminal does: the loop and whatever it runs

    assert finish(loop) == 130
    assert [(type(event), event.experiment) for event in project.of(ExperimentInvalidated, ChangeReverted)] == [
        (ExperimentInvalidated, 1),
        (ChangeReverted, 1),
    ]
    assert project.branch("night") == project.of(ExperimentKept)[-1].commit
    assert project.loop("run", "--experiments", "1").returncode == 0
    assert project.status()["experiments"] == 2


def test_a_second_ctrl_c_ends_the_loop_at_once_and_loses_nothing(tmp_path):
    project = slow(tmp_path / "toy")
    stubborn = (
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + (project.root / "train.py").read_text()
    )
    (project.root / "train.py").write_text(stubborn)
    project.commit("stubborn")
    loop = in_training(project)
    before = project.events()

    loop.send_signal(signal.SIGINT)
    loop.send_signal(signal.SIGTERM)

    assert finish(loop) in (130, 143)
    assert project.events()[: len(before)] == before
    assert gone(f"HOME={project.root}")


# --- kill -9 -------------------------------------------------------------------------------------------------------


def test_a_loop_killed_in_mid_training_goes_on_without_a_lost_event(tmp_path):
    project = Project(tmp_path / "toy", train=speaking(0.5))
    loop = in_training(project)
    before = project.events()
    open_run = project.of(RunLaunched)[-1].run

    loop.kill()
    finish(loop)
    died = gone(f"HOME={project.root}")
    done = project.loop("run", "--experiments", "1")

    assert died
    assert done.returncode == 0, done.stderr
    assert project.events()[: len(before)] == before
    failed = project.of(RunFailed)[0]
    assert (failed.run, failed.kind) == (open_run, "interrupted")
    assert len(project.of(SessionRecovered)) == 1
    assert project.branch("night") == project.of(ExperimentKept)[-1].commit
    assert len(project.of(RunStarted)) == len(project.of(RunFinished, RunFailed))


# --- two loops -----------------------------------------------------------------------------------------------------


def test_a_second_loop_on_the_same_journal_is_refused_and_names_the_first(tmp_path):
    project = slow(tmp_path / "toy")
    loop = in_training(project)
    before = project.events()

    done = project.loop("run")

    assert done.returncode == 2
    assert f"process {loop.pid} on" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert project.events() == before
    loop.kill()
    finish(loop)


# --- steering ------------------------------------------------------------------------------------------------------


def test_a_running_loop_answers_within_a_second_and_does_what_it_says(tmp_path):
    project = slow(tmp_path / "toy", "(1 if RATE == 0.5 else 20)", brief=ONE_BASELINE)
    loop = in_training(project)

    post(project.journal, PauseRequested(session="night", author="ada@here", channel="test"))
    project.until(SessionPaused)
    directed = project.loop("direct", "narrower first")
    resumed = project.loop("resume")
    project.until(RunLaunched, where=lambda event: event.experiment == 1)
    skipped = project.loop("skip", "--json")
    project.until(RunLaunched, where=lambda event: event.experiment == 2)
    stopped = project.loop("stop", "--now")

    assert finish(loop) == 0
    answers = [done.stderr.splitlines()[0] for done in (directed, resumed, stopped)]
    assert answers == ["the next proposal takes it into account", "resumed", "stopping now"]
    assert [event.outcome for event in project.of(PauseAcknowledged)] == ["pausing after the experiment in flight"]
    assert '"outcome": "skipped"' in skipped.stdout
    assert [event.kind for event in project.of(RunFailed)] == ["skipped", "interrupted"]
    assert [type(event) for event in project.of(Verdict)] == [
        ExperimentKept,
        ExperimentInvalidated,
        ExperimentInvalidated,
    ]
    assert project.of(SessionEnded)[0].reason == "stopped by a person"
    assert max(_delays(project)) < 1.0


def _delays(project: Project) -> list[float]:
    """Seconds between each request and its answer."""
    from datetime import datetime

    at = {recorded.position: datetime.fromisoformat(recorded.recorded_at) for recorded in project.recorded()}
    answers = [
        recorded
        for recorded in project.recorded()
        if isinstance(recorded.event, (DirectionAcknowledged, PauseAcknowledged, SkipAcknowledged, StopAcknowledged))
    ]
    return [(at[answer.position] - at[answer.event.request]).total_seconds() for answer in answers]


# --- the brief in mid-session --------------------------------------------------------------------------------------


def test_an_edit_of_the_brief_is_taken_up_at_the_next_experiment(tmp_path):
    project = Project(
        tmp_path / "toy",
        train=speaking(0.5),
        brief=ONE_BASELINE,
    )
    loop = in_training(project)

    project.brief.write_text(
        project.brief.read_text().replace("Make it small.", "Make it tiny.").replace("scope:", "experiments: 1\nscope:")
    )

    assert finish(loop) == 0
    changed = project.of(BriefChanged)
    assert [event.accepted for event in changed] == [True]
    assert "Make it tiny." in changed[0].brief
    assert project.of(SessionEnded)[0].reason == "the one experiment of the brief is done"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("goal: lower the loss", "goal: [", "line 4: this is not YAML"),
        ("budget: 5s", "budget: 6s", "`budget` cannot change while the loop runs: start a new session with --tag NAME"),
    ],
)
def test_an_edit_that_breaks_the_brief_leaves_the_last_good_one_in_force(tmp_path, old, new, reason):
    project = Project(tmp_path / "toy", train=speaking(0.5), brief=ONE_BASELINE)
    loop = in_training(project, "--experiments", "1")

    project.brief.write_text(project.brief.read_text().replace(old, new))

    assert finish(loop) == 0
    changed = project.of(BriefChanged)
    assert [event.accepted for event in changed] == [False]
    assert reason in changed[0].reason
    assert project.status()["experiments"] == 1


def test_a_session_does_not_go_on_under_rules_that_cannot_be_compared(project):
    project.loop("run", "--experiments", "0", "--tag", "night")
    project.brief.write_text(project.brief.read_text().replace("direction: minimize", "direction: maximize"))
    before = project.events()

    done = project.loop("run")

    assert done.returncode == 2
    assert "The brief says `direction: maximize`, but session night measures with `direction: minimize`" in done.stderr
    assert project.events() == before


# --- without a terminal --------------------------------------------------------------------------------------------


def test_a_detached_loop_outlives_its_caller_and_its_terminal(tmp_path):
    project = slow(tmp_path / "toy", 0.5, brief=ONE_BASELINE)

    done = project.loop("run", "--detach", "--experiments", "1", "--tag", "night")

    alive = project.loop("status").returncode
    project.until(SessionPaused)
    assert (done.returncode, alive) == (0, 0)
    assert "it runs without this terminal" in done.stderr
    assert "KEPT" in (project.root / ".ar" / "loop.log").read_text()


def test_a_detached_loop_that_cannot_start_says_why_to_its_caller(tmp_path):
    project = Project(tmp_path / "toy", brief="goal: x\n")

    done = project.loop("run", "--detach")

    assert done.returncode == 2
    assert done.stderr.startswith("error: program.md has no `metric`")


# --- a worse world -------------------------------------------------------------------------------------------------


def test_a_deleted_run_folder_ref_and_branch_are_mended(project):
    project.loop("run", "--experiments", "2", "--tag", "night")
    kept, noted = project.branch("night"), project.git("notes", "--ref", "autoresearch/night", "list")
    project.git("update-ref", "-d", "refs/heads/autoresearch/night")
    project.git("update-ref", "-d", "refs/notes/autoresearch/night")
    project.git("update-ref", "-d", "refs/autoresearch/night/1")
    (project.root / ".git" / "refs" / "autoresearch" / "night" / "2.lock").touch()
    subprocess.run(["rm", "-rf", project.root / ".ar" / "runs"], check=True)

    done = project.loop("run", "--experiments", "0")

    assert done.returncode == 0, done.stderr
    assert project.branch("night") == kept
    assert project.git("notes", "--ref", "autoresearch/night", "list") == noted
    recovered = project.of(SessionRecovered)[0]
    assert "no ref held the commit of experiment 1" in recovered.found
    assert "a killed git had left 2.lock" in recovered.found


def test_a_branch_that_somebody_moved_is_refused_in_a_sentence(project):
    project.loop("run", "--experiments", "2", "--tag", "night")
    tip = project.branch("night")
    project.git("update-ref", "refs/heads/autoresearch/night", project.commit("somebody's"))

    done = project.loop("run")

    assert done.returncode == 2
    assert f"put it back with `git update-ref refs/heads/autoresearch/night {tip}`" in done.stderr
    project.git("update-ref", "refs/heads/autoresearch/night", tip)
    assert project.loop("run", "--experiments", "0").returncode == 0


def test_a_branch_that_is_checked_out_is_not_moved_under_anybodys_feet(project):
    project.loop("run", "--experiments", "1", "--tag", "night")
    project.git("checkout", "-q", "-f", "autoresearch/night")

    done = project.loop("run")

    assert done.returncode == 2
    assert "is checked out in" in done.stderr


def test_a_journal_from_another_clone_is_refused_in_a_sentence(tmp_path):
    project = Project(tmp_path / "toy", brief=SCRIPTED, train=MOODY, rates="0.7")
    project.loop("run", "--experiments", "1", "--tag", "night")
    clone = Project.__new__(Project)
    clone.root = tmp_path / "clone"
    subprocess.run(
        ["git", *IDENTITY, "clone", "-q", "--no-local", project.root, clone.root], check=True, capture_output=True
    )
    journal = clone.root / ".ar" / "journal.db"
    journal.parent.mkdir()
    journal.write_bytes(_copied(project))

    done = clone.loop("run")

    assert done.returncode == 2
    assert "from the clone that the journal is from" in done.stderr


def _copied(project: Project) -> bytes:
    from journal.store import Reader

    target = project.root.with_name("copy.db")
    Reader(project.journal).backup(target)
    return target.read_bytes()
