"""A session with a real journal and real git, with trainings that take no time and a scripted proposer."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from toys import BRIEF, Project

from journal.events import RunFinished, Usage
from journal.projections.state import State, fold
from loop.contracts import Proposal, Request, RunSpec
from loop.errors import Stopped
from loop.runs.measure import RunObserver
from loop.session import bootstrap, main_loop
from loop.session.stop_conditions import StopReason
from loop.setup.project import read_project

TRAIN = """LOSS = 0.5


def train(width=8):
    return LOSS + width - 8


WIDTH = 8
"""
USAGE = Usage(calls=1, tokens_out=10, dollars=1.0)

Act = Callable[["Rehearsal", RunObserver], None]
Answer = Callable[["Rehearsal", Request], Proposal]


def edit(old: str, new: str) -> Answer:
    """An answer that changes one line of the incumbent."""

    def propose(_: "Rehearsal", request: Request) -> Proposal:
        files = {"train.py": request.files["train.py"].replace(old, new)}
        return Proposal(idea=f"{old} to {new}", files=files, proposer="scripted", usage=USAGE)

    return propose


def fails(error: Exception) -> Answer:
    def propose(_: "Rehearsal", __: Request) -> Proposal:
        raise error

    return propose


def until_cancelled(stage: "Rehearsal", _: Request) -> Proposal:
    """An answer that never comes: the call ends when it is cancelled."""
    is_cancelled = bootstrap._cancellation(stage.ctx)  # what every proposer gets
    while not is_cancelled():
        stage.turn.wait(0.001)
    raise Stopped("cancelled", usage=USAGE)


def settle(stage: "Rehearsal", observer: RunObserver) -> None:
    """A training that lasts until every call is answered."""
    observer.poll()
    while (call := stage.ctx.prefetch.call) is not None:
        call.join()
        observer.poll()


def brief(_: "Rehearsal", observer: RunObserver) -> None:
    """A training that ends before a call is answered."""
    observer.poll()


class Scripted:
    """Answers each request for experiment N with the next of its answers, and keeps the requests."""

    name = "scripted"

    def __init__(self, stage: "Rehearsal", answers: Mapping[int, Sequence[Answer]]) -> None:
        self._stage = stage
        self._answers = {number: list(several) for number, several in answers.items()}
        self.requests: list[Request] = []
        self.directions: list[list[str]] = []  # in each request

    def propose(self, request: Request) -> Proposal:
        self.requests.append(request)
        self.directions.append([row.text for row in request.state.directions.rows.values()])
        return self._answers[request.experiment].pop(0)(self._stage, request)


class Rehearsal:
    """`acts` are what happens during the training of an experiment; its loss is the number in its code."""

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

    def open(self, *, ablate: bool = False) -> None:
        """Start the loop."""
        self.ctx = bootstrap.assemble(read_project(self.project.root), tag="night", display=self, ablate=ablate)
        self.proposer = self.ctx.proposer = Scripted(self, self.answers)
        self.ctx.runs = self

    def run(self, experiments: int | None, *, call: Callable[..., StopReason] = main_loop.run) -> StopReason:
        """One call of the loop; closes the journal afterwards."""
        try:
            return call(self.ctx, experiments=experiments)
        finally:
            self.close()

    def close(self) -> None:
        """Release the journal, as the end of the process would."""
        self.ctx.journal._store.close()

    def state(self) -> State:
        return fold(self.project.recorded())

    # --- what a context expects of its runs and its display ---

    def require_sandbox(self, *, by_model: bool) -> None: ...

    def step(self, *_: object) -> None: ...

    def folder(self, _tag: str, number: int, run: int) -> Path:
        return self.ctx.folder / "runs" / f"{number}-{run}"

    def execute(self, spec: RunSpec, observer: RunObserver) -> RunFinished:
        self.acts.get(spec.experiment, settle)(self, observer)
        code = self.ctx.workspace.read(spec.commit, ["train.py"])["train.py"]
        return RunFinished(
            session=spec.session, experiment=spec.experiment, run=spec.run, seed=spec.seed,
            metric=self.measure(code), trust="self-reported", train_seconds=1.0, wall_seconds=1.0,
            purpose=spec.purpose,
        )  # fmt: skip
