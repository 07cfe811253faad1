"""`branch-from` and `veto` during a session, with real git and a real journal."""

import dataclasses
import os
import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest
from toys import Project

from journal.events import (
    Acknowledged,
    BranchFromRequested,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaRefused,
    IncumbentMoved,
    SessionRecovered,
    VetoRequested,
)
from journal.projections.state import fold
from journal.reports.memory import block as memory
from journal.store import Reader
from journal.store.intents import post
from journal.verify.checks import verify
from journal.verify.git_files import read_repository
from loop.cli import summary
from loop.contracts import Proposal
from loop.errors import WorkspaceError
from loop.gate import patch
from loop.proposers import prompt
from loop.session import bootstrap, main_loop
from loop.setup.project import read_project

sys.path.append(
    str(Path(__file__).resolve().parents[3] / "benchmarks")
)  # last: benchmarks/tui.py must not hide the package
from kill import Fate, MortalJournal, MortalWorkspace

TAG = "night"
ME = {"session": TAG, "author": "ada@here", "channel": "test"}
START = "A = 5\nB = 5\nC = 5\n"
BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
train: sh train.sh
scope: train.py
budget: 5s
baseline_runs: 1
reruns: 0
sandbox: none
rollback: {rollback}
---
"""
# C may not be 0, nor B 3 where A is 5
TRAIN = "grep -q 'C = 0' train.py && exit 1\ngrep -q 'A = 5' train.py && grep -q 'B = 3' train.py && exit 1\nawk '{ sum += $3 } END { print \"loss:\", sum }' train.py\n"


class Scripted:
    """Proposes `NAME=VALUE`, the Nth as experiment N; gives the last one again and again."""

    name = "scripted"

    def __init__(self, *moves: str) -> None:
        self.moves = moves
        self.requests = []

    def propose(self, request):
        self.requests.append(request)
        name, value = self.moves[min(request.experiment, len(self.moves)) - 1].split("=")
        lines = (
            f"{name} = {value}" if line.startswith(name) else line for line in request.files["train.py"].split("\n")
        )
        return Proposal(idea=f"set {name} to {value}", files={"train.py": "\n".join(lines)}, proposer=self.name)


class Watching:
    def step(self, *_: object) -> None:
        """Nobody looks."""


class Toy(Project):
    """A project whose loop runs in this process, or in a fork that is killed at one of its acts."""

    def __init__(self, root: Path, *, rollback: str = "reset") -> None:
        root.mkdir()
        (root / "train.sh").write_text(TRAIN)
        super().__init__(root, brief=BRIEF.format(rollback=rollback), train=START)

    def play(self, *moves: str, more: int, due: int | None = None) -> Scripted:
        fate, proposer = Fate(due, os.open(os.devnull, os.O_WRONLY)), Scripted(*moves)
        journal = MortalJournal(self.journal, fate)
        setting = dataclasses.replace(
            read_project(self.root), workspace=MortalWorkspace(self.root, fate), store=lambda _: journal
        )
        with closing(journal):
            ctx = bootstrap.assemble(setting, tag=TAG, display=Watching())
            ctx.proposer = ctx.fallback = proposer
            main_loop.run(ctx, experiments=more)
        self.acts = fate.survived()
        return proposer

    def killed(self, due: int) -> int:
        """What a loop leaves that is killed at an act: its exit code."""
        child = os.fork()
        if not child:
            self.play("A=1", more=0, due=due)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def asks(self, kind: type, experiment: int) -> None:
        post(self.journal, kind(**ME, experiment=experiment))

    def state(self):
        with closing(Reader(self.journal)) as reader:
            return fold(reader.read())

    def night(self):
        return self.state().sessions.rows[TAG]

    def row(self, number: int):
        return self.state().experiments.rows[TAG, number]

    def text(self, at: str = f"autoresearch/{TAG}") -> str:
        return self.git("show", f"{at}:train.py")

    def answers(self) -> list[str]:
        return [event.message() for event in self.events() if isinstance(event, Acknowledged)]

    def sound(self) -> bool:
        """Whether the branch stands where the journal says, and the journal is as it was written."""
        with closing(Reader(self.journal)) as reader:
            report = verify(reader, repository=read_repository(self.journal))
        assert report.findings == []
        return self.branch(TAG) == self.night().tip and self.text() == self.text(self.night().incumbent)


def after(root: Path, *moves: str, rollback: str = "reset") -> Toy:
    toy = Toy(root, rollback=rollback)
    toy.play(*moves, more=len(moves))
    return toy


@pytest.fixture(scope="module")
def two_keeps(tmp_path_factory):
    """A night of two keeps, never played on: copies are."""
    return after(tmp_path_factory.mktemp("two") / "toy", "A=4", "B=4")


@pytest.fixture
def toy(two_keeps, tmp_path):
    return copied(two_keeps, tmp_path / "toy")


@pytest.mark.parametrize("rollback", ["reset", "revert"])
def test_the_next_proposals_stand_on_the_experiment_that_a_person_goes_on_from(tmp_path, rollback):
    toy = after(tmp_path / "toy", "A=4", "C=9", rollback=rollback)
    toy.asks(BranchFromRequested, 2)

    requests = toy.play("", "", "C=8", more=1).requests

    assert (requests[0].files["train.py"], requests[0].parent) == ("A = 4\nB = 5\nC = 9\n", toy.row(2).commit)
    assert toy.row(3).status == "keep"
    assert toy.row(3).incumbent == toy.row(2).metric == 18
    assert toy.answers() == ["experiment 2 is the incumbent"]
    assert toy.sound()


def test_the_prompt_the_memory_and_the_status_say_that_a_person_chose_the_incumbent(toy):
    toy.asks(BranchFromRequested, 1)

    request = toy.play("", "", "B=9", more=1).requests[0]

    assert 'experiment 1, 14). The researcher chose it: "ada@here branched from it".' in prompt.news(request)
    assert 'best 14 (experiment 1), the incumbent because "ada@here branched from it", baseline 15' in request.memory
    assert '### Kept on a base that the researcher left\n- 2 "set B to 4" 13' in request.memory
    assert toy.status()["chosen_because"] == "ada@here branched from it"


@pytest.mark.parametrize("rollback", ["reset", "revert"])
def test_a_veto_of_the_last_kept_experiment_goes_back_to_what_it_stood_on(tmp_path, rollback):
    toy = after(tmp_path / "toy", "A=4", "B=4", rollback=rollback)
    toy.asks(VetoRequested, 2)

    toy.play("A=1", more=0)

    assert toy.text() == "A = 4\nB = 5\nC = 5"
    assert (toy.night().incumbent, toy.night().best, toy.night().counts["keep"]) == (toy.row(1).commit, 14, 2)
    assert toy.row(2).reason == "vetoed by ada@here; it was kept: gained 1; above the threshold of 0.05"
    assert [type(event) for event in toy.of(ExperimentInvalidated, IncumbentMoved)] == [
        ExperimentInvalidated,
        IncumbentMoved,
    ]
    assert toy.answers() == ["experiment 2 is vetoed"]
    assert toy.sound()


def test_the_status_counts_what_was_vetoed_apart(toy):
    toy.asks(VetoRequested, 2)
    toy.play("A=1", more=0)

    status = summary.as_data(toy.night(), toy.state()), "\n".join(summary.as_lines(toy.night(), toy.state()))

    assert (status[0]["kept"], status[0]["invalid"], status[0]["vetoed"]) == (1, 1, 1)
    assert "1 invalid (1 vetoed)" in status[1]
    assert "the incumbent is #1 because ada@here vetoed experiment 2" in status[1]


def test_a_veto_under_later_keeps_takes_the_change_out_and_measures_what_is_left(toy):
    toy.asks(VetoRequested, 1)

    toy.play("A=1", more=0)

    assert toy.text() == "A = 5\nB = 4\nC = 5"
    assert (toy.row(3).status, toy.row(3).metric, toy.row(3).takes_back) == ("keep", 14, 1)
    assert toy.of(ExperimentKept)[-1].reason.startswith("undoes experiment 1, which a person vetoed; lost 1")
    assert toy.row(1).vetoed
    assert toy.answers() == ["experiment 1 is vetoed"]
    assert toy.sound()


def test_what_was_vetoed_is_refused_wherever_it_is_proposed_again(toy):
    toy.asks(VetoRequested, 1)

    request = toy.play("", "", "", "C=3", "A=4", more=3).requests[-1]

    assert {(event.rule, event.matched) for event in toy.of(IdeaRefused)} == {("vetoed", 1)}
    assert "A person vetoed it: do not propose it again." in toy.of(IdeaRefused)[0].reason
    assert '### Vetoed by the researcher: do not repeat\n- 1 "set A to 4"' in memory.render(request.state, TAG)


@pytest.mark.parametrize(
    ("kind", "number", "why"),
    [
        (VetoRequested, 0, "experiment 0 is the unchanged code: there is nothing to take back"),
        (VetoRequested, 2, "experiment 2 was not kept (discard)"),
        (VetoRequested, 7, "there is no experiment 7"),
        (VetoRequested, 1, "a later change edited the same lines of train.py, near line 1: 'A = 4'."),
        (BranchFromRequested, 4, "experiment 4 has no metric to compare with"),
        (BranchFromRequested, 7, "there is no experiment 7"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_changes_nothing(one_night, kind, number, why):
    before = (one_night.night().incumbent, one_night.night().counts)
    one_night.asks(kind, number)

    one_night.play("A=1", more=0)

    assert one_night.answers()[-1] == f"not done: {why}"
    assert (one_night.night().incumbent, one_night.night().counts) == before


@pytest.fixture(scope="module")
def one_night(tmp_path_factory):
    """Two keeps of one line, a discard, and a crash."""
    return after(tmp_path_factory.mktemp("night") / "toy", "A=4", "C=9", "A=3", "C=0")


def test_a_change_that_later_ones_need_stays_where_the_rest_does_not_run_without_it(tmp_path):
    toy = after(tmp_path / "toy", "A=4", "B=3")
    toy.asks(VetoRequested, 1)

    toy.play("A=1", more=0)

    assert toy.text() == "A = 4\nB = 3\nC = 5"
    assert toy.row(3).status == "crash"
    assert toy.answers()[0].startswith("not done: the program without it cannot be kept (experiment 3)")
    assert toy.sound()


@pytest.mark.parametrize(("kind", "number"), [(VetoRequested, 1), (VetoRequested, 2), (BranchFromRequested, 0)])
def test_a_loop_that_is_killed_while_it_steers_comes_to_the_same_end(toy, tmp_path, kind, number):
    toy.asks(kind, number)
    quiet = copied(toy, tmp_path / "quiet")
    quiet.play("A=1", more=0)

    ends = killed_at(toy, tmp_path, range(1, quiet.acts + 1))

    assert ends != []
    assert {end.text() for end in ends} == {quiet.text()}
    assert {tuple(end.answers()) for end in ends} == {tuple(quiet.answers())}
    assert {len(end.of(ExperimentInvalidated, IncumbentMoved)) for end in ends} == {
        len(quiet.of(ExperimentInvalidated, IncumbentMoved))
    }
    assert all(end.sound() for end in ends)


KILLS = int(os.environ.get("STEERING_KILLS", "2"))  # of a case; 100 kills the loop at each of its acts, in two minutes


def copied(toy: Toy, to: Path) -> Toy:
    shutil.copytree(toy.root, to, symlinks=True)
    copy = Toy.__new__(Toy)
    copy.root = to
    return copy


def killed_at(toy: Toy, folder: Path, acts: range) -> list[Toy]:
    """Copies of a project whose loop was killed at some of these acts, the last ones among them, and then called again."""
    acts = acts[:: -max(1, len(acts) // KILLS)]
    ends = [copied(toy, folder / f"killed-{act}") for act in acts]
    for act, end in zip(acts, ends, strict=True):
        assert end.killed(act) < 0
        end.play("A=1", more=0)
    return ends


def test_a_command_says_at_once_what_cannot_be_done_and_keeps_the_rest_for_the_next_call(toy):
    refused, kept = toy.loop("branch-from", "7"), toy.loop("veto", "2", "--json")
    toy.play("A=1", more=0)

    assert (refused.returncode, refused.stderr) == (1, "not done: there is no experiment 7\n")
    assert (kept.returncode, kept.stderr) == (0, "kept for the next run of the loop\n")
    assert toy.row(2).vetoed
    assert toy.of(SessionRecovered) == []


# --- undoing, as text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "changed", "incumbent", "without"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", "A\nB\nC\n", "A\nb\nC\n"),
        ("a\nc\n", "a\nb\nc\n", "0\na\nb\nc\n", "0\na\nc\n"),
        ("a\nb\nc\n", "a\nc\n", "a\nc\nd\n", "a\nb\nc\nd\n"),
        ("a\nb\n", "a\nB\n", "a\nb\n", "a\nb\n"),
    ],
)
def test_a_change_is_undone_under_later_ones(before, changed, incumbent, without):
    assert patch.undo({"f": before}, {"f": changed}, {"f": incumbent}) == {"f": without}


@pytest.mark.parametrize(
    ("before", "changed", "incumbent"),
    [("a\nb\n", "a\nB\n", "a\nX\n"), ("a\nb\n", "a\nx\nb\n", "a\nx\ny\nb\n".replace("x\n", "z\n"))],
)
def test_a_change_whose_lines_were_edited_again_is_not_undone(before, changed, incumbent):
    with pytest.raises(WorkspaceError, match="edited the same lines of f"):
        patch.undo({"f": before}, {"f": changed}, {"f": incumbent})
