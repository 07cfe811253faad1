"""Sessions as lists of events, folded without a disk: `ScriptedSession(files).kept(1, "raise LR", {"train.py": …})`."""

from collections.abc import Mapping
from pathlib import Path

from journal.changes.signature import baseline_change, signature
from journal.events import (
    ChangeCommitted,
    DirectionAdded,
    Event,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    IdeaProposed,
    IdeaRefused,
    NoiseMeasured,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionStarted,
    experiment_stream,
    session_stream,
)
from journal.events.recorded import Recorded
from journal.projections.state import State
from journal.store import Journal
from loop.contracts import Proposal, Request

SIGMA = 0.005


class ScriptedSession:
    """A session on `files`, with its baseline measured; each method makes one more experiment."""

    def __init__(
        self,
        files: Mapping[str, str],
        *,
        session: str = "nov20",
        state: State | None = None,
        device: str = "cpu",
        config: Mapping[str, object] | None = None,
    ):
        self.session = session
        self.files = dict(files)  # of the incumbent
        self.parent = f"{session}-c0"
        self.best = 1.5
        self.state = state or State()
        self.events: list[Recorded] = []
        self.add(
            SessionStarted(
                session=session,
                brief="Goal: lower val_bpb",
                brief_hash="0",
                config={"goal": "lower val_bpb", "metric": "val_bpb", "direction": "minimize"} | dict(config or {}),
                base=self.parent,
                start=self.parent,
                branch=f"autoresearch/{session}",
                device=device,
            ),
            IdeaProposed(
                session=session,
                experiment=0,
                idea="the code as it is",
                kind="baseline",
                parent=self.parent,
                diff="",
                change=baseline_change(self.files),
                proposer="loop",
            ),
            NoiseMeasured(
                session=session, experiment=0, sigma=SIGMA, mean=1.5, replicates=3, values=(1.5, 1.495, 1.505)
            ),
            ExperimentKept(session=session, experiment=0, metric=1.5, commit=self.parent, reason="the baseline"),
        )

    def add(self, *events: Event) -> None:
        for event in events:
            position = self.state.position + 1
            recorded = Recorded(
                position, f"2026-11-20T20:{position // 60 % 60:02}:{position % 60:02}+00:00", "s", 1, event, ""
            )
            self.events.append(recorded)
            self.state.apply(recorded)

    def proposed(self, number: int, idea: str, edits: Mapping[str, str], *, attempt: int = 1, **more: object) -> None:
        change = more.pop("change", None) or signature(self.files, {**self.files, **edits})
        self.add(
            IdeaProposed(
                session=self.session,
                experiment=number,
                attempt=attempt,
                idea=idea,
                parent=self.parent,
                diff=more.pop("diff", ""),
                change=change,
                proposer="scripted",
                **more,
            )
        )

    def refused(self, number: int, idea: str, edits: Mapping[str, str], *, attempt: int = 1) -> None:
        self.proposed(number, idea, edits, attempt=attempt)
        self.add(
            IdeaRefused(session=self.session, experiment=number, attempt=attempt, rule="same value", reason="again")
        )

    def kept(self, number: int, idea: str, edits: Mapping[str, str], *, gain: float = 4.0, **more: object) -> None:
        self.proposed(number, idea, edits, **more)
        commit = self._committed(number)
        verdict = self._numbers(number, gain)
        self.add(ExperimentKept(**verdict, commit=commit, reason=f"gained {gain} σ"))
        self.files |= edits
        self.parent, self.best = commit, verdict["metric"]

    def discarded(
        self, number: int, idea: str, edits: Mapping[str, str], *, gain: float = -3.0, **more: object
    ) -> None:
        self.proposed(number, idea, edits, **more)
        self._committed(number)
        self.add(ExperimentDiscarded(**self._numbers(number, gain), reason="not above the threshold"))

    def crashed(
        self,
        number: int,
        idea: str,
        edits: Mapping[str, str],
        *,
        kind: str = "oom",
        error: str = "no memory",
        trace: str = "",
        **more: object,
    ) -> None:
        self.proposed(number, idea, edits, **more)
        commit = self._committed(number)
        self.add(
            RunStarted(session=self.session, experiment=number, run=1, seed=0, commit=commit, budget=20.0),
            RunFailed(
                session=self.session, experiment=number, run=1, kind=kind, reason=error, signature=error, trace=trace
            ),
            ExperimentCrashed(session=self.session, experiment=number, reason=error),
        )

    def trained(self, number: int, *, tokens: int | None = None, steps: int | None = None) -> None:
        """A finished run of an experiment; its metric is in the verdict."""
        run = {"session": self.session, "experiment": number, "run": 1, "seed": 0}
        self.add(
            self.run(number),
            RunFinished(
                **run, metric=1.5, trust="measured", train_seconds=20.0, wall_seconds=25.0, tokens=tokens, steps=steps
            ),
        )

    def run(self, number: int) -> RunStarted:
        return RunStarted(
            session=self.session, experiment=number, run=1, seed=0, commit=f"{self.session}-c{number}", budget=20.0
        )

    def skipped(self, number: int, idea: str, edits: Mapping[str, str]) -> None:
        self.proposed(number, idea, edits)
        self._committed(number)
        self.add(ExperimentInvalidated(session=self.session, experiment=number, reason="a person skipped it"))

    def directed(self, number: int, text: str) -> None:
        self.add(DirectionAdded(session=self.session, direction=number, text=text, author="ada@box", channel="cli"))

    def request(self, number: int, *, attempt: int = 1) -> Request:
        return Request(
            session=self.session,
            experiment=number,
            attempt=attempt,
            parent=self.parent,
            files=self.files,
            state=self.state,
        )

    def write(self, path: Path) -> Path:
        """The session as a journal on disk, closed."""
        journal = Journal(path)
        journal.acquire()
        for recorded in self.events:
            number = getattr(recorded.event, "experiment", None)
            stream = session_stream(self.session) if number is None else experiment_stream(self.session, number)
            journal.append(stream, [recorded.event])
        journal.close()
        return path

    def _committed(self, number: int) -> str:
        commit = f"{self.session}-c{number}"
        self.add(
            ChangeCommitted(
                session=self.session,
                experiment=number,
                commit=commit,
                parent=self.parent,
                files=("train.py",),
                lines_added=1,
                lines_removed=1,
            )
        )
        return commit

    def _numbers(self, number: int, gain: float) -> dict[str, object]:
        return {
            "session": self.session,
            "experiment": number,
            "metric": self.best - gain * SIGMA,
            "incumbent": self.best,
            "delta": -gain * SIGMA,
            "sigma": SIGMA,
            "gain_sigma": gain,
        }


def proposal(edits: Mapping[str, str], idea: str = "an idea", **more: object) -> Proposal:
    return Proposal(idea=idea, files=dict(edits), proposer="scripted", **more)
