"""Kept changes tested again: each is left out of the incumbent and measured beside it."""

from rehearsal import Rehearsal, edit
from toys import SCRIPTED, Project

from journal.events import ExperimentKept, ProposalPrepared, RunStarted, SessionEnded
from loop.experiment import ablation
from loop.session import main_loop

ANSWERS = {
    1: [edit("LOSS = 0.5\n", "LOSS = 0.5\nWARMUP = 1\n")],
    2: [edit("WIDTH = 8", "WIDTH = 16")],
    3: [edit("return LOSS", "return 1.0 * LOSS")],
}


def loss(code):
    """Each change pays when it is made; the warm-up no more once the third is in."""
    warm, wide, scaled = "WARMUP" in code, "WIDTH = 16" in code, "1.0 *" in code
    return round(0.5 - 0.1 * (warm and not scaled) - 0.1 * wide - 0.3 * scaled, 3)


def three_keeps(root, *, keys=""):
    stage = Rehearsal(root / "toy", ANSWERS, measure=loss, keys=keys)
    stage.run(3)
    stage.open(ablate=True)
    return stage


def findings(stage):
    stage.open(ablate=True)
    found = ablation.results(stage.ctx)
    stage.close()
    return found


def test_each_kept_change_is_left_out_in_turn_and_told_whether_it_still_pays(tmp_path):
    stage = three_keeps(tmp_path)

    stage.run(None, call=main_loop.retest)

    found = [(result.keep, result.finding, result.experiment, round(result.delta, 6)) for result in findings(stage)]
    assert found == [(1, "within the noise", 4, 0.0), (2, "still pays", 5, 0.1), (3, "still pays", 6, 0.3)]
    assert stage.project.of(ProposalPrepared)[-1].experiment == 3


def test_what_pays_no_more_is_taken_out_where_the_program_is_shorter_without_it(tmp_path):
    stage = three_keeps(tmp_path)

    stage.run(1, call=main_loop.retest)

    assert [event.experiment for event in stage.project.of(ExperimentKept)] == [0, 1, 2, 3, 4]
    assert "WARMUP" not in stage.project.git("show", f"{stage.project.branch('night')}:train.py")
    assert findings(stage)[0].note == "removed: the program is shorter"


def test_the_incumbent_runs_beside_each_on_the_same_seed(tmp_path):
    stage = three_keeps(tmp_path)

    stage.run(1, call=main_loop.retest)

    runs = [(event.purpose, event.seed) for event in stage.project.of(RunStarted) if event.experiment == 4]
    assert runs == [("candidate", 4001), ("incumbent", 4001)]


def test_a_test_that_was_cut_short_goes_on_with_what_is_left(tmp_path):
    stage = three_keeps(tmp_path)
    stage.run(1, call=main_loop.retest)
    stage.open(ablate=True)

    stage.run(None, call=main_loop.retest)

    assert [result.experiment for result in findings(stage)] == [4, 5, 6]


def test_the_keeps_of_a_session_that_has_ended_can_be_tested_and_it_is_ended_again(tmp_path):
    stage = three_keeps(tmp_path, keys="experiments: 3")

    ending = stage.run(None, call=main_loop.retest)

    assert ending.final
    assert [event.reason for event in stage.project.of(SessionEnded)] == [
        "all 3 experiments of the brief are done",
        "its kept changes were tested again",
    ]


def test_the_command_prints_a_line_for_each_keep_and_says_where_there_is_none(tmp_path):
    project = Project(tmp_path / "toy", brief=SCRIPTED, rates="0.45 0.4")
    early = project.loop("run", "--ablate")
    project.loop("run", "--experiments", "2")

    done = project.loop("run", "--ablate")

    assert (early.returncode, done.returncode) == (2, 0)
    assert "There is no session yet" in early.stderr
    assert "note:" not in done.stderr
    heading = done.stdout.splitlines()[0]
    assert ("gain when kept, σ" in heading, "loss without it, σ" in heading, "loss without it  finding" in heading) == (
        True,
    ) * 3
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["keep", "#1", "#2"]
    assert "a later change edited the same lines" in done.stdout.splitlines()[1]
    assert "+0.05  still pays" in done.stdout.splitlines()[2]
