"""A session with a real journal and real git, in which trainings take no time and the proposer says what it is told to."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from toys import BRIEF, Project

from journal.events import RunFinished, Usage
from journal.projections.state import State, fold
from loop.contracts import Proposal, Request, RunSpec
from loop.errors import Stopped
from loop.runs.measure import Watch
from loop.session import bootstrap, main_loop
from loop.session.stop_conditions import StopReason
from loop.setup.project import look

TRAIN = """LOSS = 0.5


def train(width=8):
    return LOSS + width - 8


WIDTH = 8
"""
USAGE = Usage(calls=1, tokens_out=10, dollars=1.0)

Act = Callable[["Rehearsal", Watch], None]
Answer = Callable[["Rehearsal", Request], Proposal]


def edit(old: str, new: str) -> Answer:
    """An answer that changes one line of the incumbent."""

    def propose(_: "Rehearsal", asked: Request) -> Proposal:
        files = {"train.py": asked.files["train.py"].replace(old, new)}
        return Proposal(idea=f"{old} to {new}", files=files, proposer="scripted", usage=USAGE)

    return propose


def fails(error: Exception) -> Answer:
    def propose(_: "Rehearsal", __: Request) -> Proposal:
        raise error

    return propose


def until_cancelled(stage: "Rehearsal", _: Request) -> Proposal:
    """An answer that never comes: the call ends when it is cancelled."""
    ended = bootstrap._ended(stage.ctx)  # what every proposer gets
    while not ended():
        stage.turn.wait(0.001)
    raise Stopped("cancelled", usage=USAGE)


def settle(stage: "Rehearsal", watch: Watch) -> None:
    """A training that is long enough for every call to be answered."""
    watch.tick()
    while (call := stage.ctx.prefetch.call) is not None:
        call.join()
        watch.tick()


def brief(_: "Rehearsal", watch: Watch) -> None:
    """A training that is over before a call is answered."""
    watch.tick()


class Scripted:
    """Answers experiment N with the next of its answers; remembers what it was asked."""

    name = "scripted"

    def __init__(self, stage: "Rehearsal", answers: Mapping[int, Sequence[Answer]]) -> None:
        self._stage = stage
        self._answers = {number: list(several) for number, several in answers.items()}
        self.asked: list[Request] = []
        self.directions: list[list[str]] = []  # that it knew of

    def propose(self, request: Request) -> Proposal:
        self.asked.append(request)
        self.directions.append([row.text for row in request.state.directions.rows.values()])
        return self._answers[request.experiment].pop(0)(self._stage, request)


class Rehearsal:
    """`acts` says what happens in the training of an experiment; the loss is the one that its code names."""

    isolation = "none"

    def __init__(
        self,
        root: Path,
        answers: Mapping[int, Sequence[Answer]],
        acts: Mapping[int, Act] | None = None,
        *,
        keys: str = "",
        measure: Callable[[str], float] = lambda code: float(code.split()[2]),
    ) -> None:
        self.measure = measure
        self.turn = threading.Event()
        self.acts = dict(acts or {})
        self.project = Project(
            root, train=TRAIN, brief=BRIEF.replace("scope:", f"{keys}\nscope:" if keys else "scope:")
        )
        self.answers = answers
        self.open()

    def open(self, *, past: bool = False) -> None:
        """The loop as it starts."""
        self.ctx = bootstrap.assemble(look(self.project.root), tag="night", screen=self, past=past)
        self.proposer = self.ctx.proposer = Scripted(self, self.answers)
        self.ctx.runs = self

    def run(self, more: int | None, *, play: Callable[..., StopReason] = main_loop.run) -> StopReason:
        """One call of the loop; its journal is closed afterwards."""
        try:
            return play(self.ctx, more=more)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the journal, as the process's end would."""
        self.ctx.journal._store.close()

    def state(self) -> State:
        return fold(self.project.recorded())

    # --- what a context expects of its runs and its screen ---

    def admit(self, *, by_model: bool) -> None: ...

    def step(self, *_: object) -> None: ...

    def folder(self, _tag: str, number: int, run: int) -> Path:
        return self.ctx.folder / "runs" / f"{number}-{run}"

    def make(self, training: RunSpec, watch: Watch) -> RunFinished:
        self.acts.get(training.experiment, settle)(self, watch)
        code = self.ctx.workspace.read(training.commit, ["train.py"])["train.py"]
        return RunFinished(
            session=training.session, experiment=training.experiment, run=training.run, seed=training.seed,
            metric=self.measure(code), trust="self-reported", train_seconds=1.0, wall_seconds=1.0,
            purpose=training.purpose,
        )  # fmt: skip
