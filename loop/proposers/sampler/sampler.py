"""The built-in proposer: one step of one knob from the incumbent, chosen by what the journal knows. Needs no key.

It never makes the same change twice on the same parent, mostly avoids values tried on other parents (measured: four
times in five is best), follows a direction that paid, turns round where one cost, and goes no further where one
crashed. Steps that each gained a little are made at once where that promises more than any step that is left. Its
generator is seeded by the session and the experiment, so a restart continues and does not repeat.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from journal.changes.knob import Knob
from journal.changes.python_knobs import knobs, replace
from journal.changes.signature import signature
from journal.novelty.repeats import NEAR_VALUE, SAME_VALUE, matches
from journal.novelty.retries import BASE_CHANGED, rationed
from journal.novelty.similarity import distance
from journal.projections.trials import Trial
from loop.contracts import Proposal, Request
from loop.errors import ProposerFailure
from loop.proposers.sampler import tpe
from loop.proposers.sampler.evidence import Evidence, words
from loop.proposers.sampler.joint_steps import together
from loop.proposers.sampler.steps import KnobStep, Move, movable

AVOID = 0.8  # how often values seen on other parents are left out
JITTER = 0.4  # of what is expected of a step: the expectation itself is rough
DRAWS = 60  # proposals drawn before the sampler says that nothing is left
JOINT_DRAWS = 4
PLATEAU = 25  # experiments without a keep, where the brief names no number
SUM = "Each of these gained a little alone on this base, too little to be kept: together they may clear the noise."
PAIR = "Nothing has been kept for long: two steps that did not help alone may help together."

IDLE = "The files in scope hold no knob, a module-level line such as `LR = 0.04  # [0.001..1]`: add one."


class Sampler:
    """Proposes steps of the literals in scope: `local` one at a time, `tpe` several at once.

    `auto` is local, and hands every third proposal to TPE on a plateau, or where no local step is left; without Optuna
    it stays local. On what the brief calls a plateau, every second proposal moves two knobs at once. Where a change may move
    one named value only, it is local always.
    """

    name = "sampler"

    def __init__(self, method: Literal["local", "tpe", "auto"] = "local") -> None:
        self._method = method

    def propose(self, request: Request) -> Proposal:
        """Raises ProposerFailure where no knob is in scope, or no step is left on this parent."""
        moves = list(moves_of(request.files))
        if not moves:
            raise ProposerFailure(
                IDLE,
                kind="no_knobs",
            )
        several = not request.one_knob
        if several and (self._method == "tpe" or (self._method == "auto" and tpe.installed() and _on_plateau(request))):
            return _joint(moves, request)
        if several and _wants_pair(request) and (pair := _pair(moves, request)):
            return pair
        local = _local(moves, request)
        if local is None and several and self._method == "auto" and tpe.installed():
            return _joint(moves, request)
        if local is None:
            raise ProposerFailure(
                "Every step of every knob has been tried on this incumbent: widen the ranges, or change the code.",
                kind="exhausted",
            )
        return local


def _local(moves: list[Move], request: Request) -> Proposal | None:
    """A step of one knob, or None where none is left."""
    generator = random.Random(f"{request.session}/{request.experiment}/{request.attempt}")
    evidence = _evidence(request)
    tried = _tried(request)
    left = [move for move in moves if _new(move, tried)]
    if combined := _combined(moves, left, request, evidence):
        return combined
    for _ in range(DRAWS):
        move = _draw(left, request, evidence, generator)
        if move is None:
            return None
        proposal = _proposal([move], request, hypothesis=words(move.name, move.step, evidence))
        if proposal is not None:
            return proposal
        left.remove(move)
    return None


def _combined(moves: list[Move], left: list[Move], request: Request, evidence: Evidence) -> Proposal | None:
    """Several steps that gained a little on this parent, where that is worth more than any step that is left."""
    if request.one_knob or request.attempt > 1:
        return None
    tried = _tried(request)
    single = max((evidence.worth(move.name, move.step) for move in left), default=0.0)
    found = together(moves, evidence, tried=lambda move: _made(move, tried), single=single)
    return _proposal(found, request, hypothesis=SUM) if found else None


def _evidence(request: Request) -> Evidence:
    rows = request.state.knobs.of_session(request.session)
    return Evidence(rows, before=request.experiment, direction=request.direction)


def _wants_pair(request: Request) -> bool:
    """Every second experiment on what the brief calls a plateau, unless the gate has refused its pair."""
    return bool(request.plateau) and request.experiment % 2 == 0 and request.attempt == 1


def _pair(moves: list[Move], request: Request) -> Proposal | None:
    """Steps of two knobs at once: where no step alone has helped for long, two that depend on each other may."""
    generator = random.Random(f"{request.session}/{request.experiment}/pair")
    evidence = _evidence(request)
    for _ in range(JOINT_DRAWS):
        first = _draw(moves, request, evidence, generator)
        others = [move for move in moves if first and move.name != first.name]
        second = _draw(others, request, evidence, generator)
        if first and second and (proposal := _proposal([first, second], request, hypothesis=PAIR)):
            return proposal
    return None


def _joint(moves: list[Move], request: Request) -> Proposal:
    """Steps of several knobs, as TPE draws them."""
    places = {move.name: move for move in moves}
    for draw in range(JOINT_DRAWS):
        seed = random.Random(f"{request.session}/{request.experiment}/{request.attempt}/{draw}").getrandbits(32)
        steps = tpe.suggest(request, {name: move.step.knob for name, move in places.items()}, seed=seed)
        drawn = [Move(path=places[name].path, name=name, step=step) for name, step in steps.items()]
        proposal = _proposal(drawn, request, hypothesis=tpe.WORDS) if drawn else None
        if proposal is not None:
            return proposal
    raise ProposerFailure(
        "TPE draws what has been tried already: widen the ranges, or change the code.", kind="exhausted"
    )


def _on_plateau(request: Request) -> bool:
    """Every third experiment after many without a keep."""
    decided = [trial for trial in request.state.changes.of_session(request.session) if trial.status != "open"]
    recent = decided[-PLATEAU:]
    alone = len(recent) == PLATEAU and all(trial.status != "keep" for trial in recent)
    return (alone or bool(request.plateau)) and request.experiment % 3 == 0


def moves_of(files: Mapping[str, str]) -> Iterator[Move]:
    """Every step of every knob that the files hold."""
    for path in sorted(files):
        label = f"{path}:" if len(files) > 1 else ""
        for name, found in movable(knob for knob in knobs(path, files[path]) if _is_knob(knob, path)).items():
            yield from (Move(path=path, name=f"{label}{name}", step=step) for step in found)


NO_KNOB = frozenset({"SEED", "VERSION", "EVAL", "LOG", "VERBOSE", "DEBUG", "PORT", "BUDGET", "TIMEOUT"})


def _is_knob(knob: Knob, path: str) -> bool:
    """In Python, names in capitals. A seed, a budget or a logging interval changes what is measured, not how well it does."""
    bare = knob.name.partition("[")[0]
    return (bare.isupper() or not path.endswith(".py")) and not NO_KNOB & set(re.split(r"[_.-]", bare.upper()))


def _tried(request: Request) -> Mapping[str, list[str]]:
    """The values of each knob that were tried alone on this parent, or refused for this experiment.

    What another session kept is not among them: this one stands without it, and the gate lets it be had again.
    """
    changes = request.state.changes
    made = [trial.change for trial in changes.on_parent(request.parent) if _counts(trial, request)]
    made += changes.refused.get((request.session, request.experiment), [])
    tried: dict[str, list[str]] = {}
    for change in made:
        if len(change.knobs) == 1 and not change.added and not change.removed:
            tried.setdefault(change.knobs[0].name, []).append(change.knobs[0].new)
    return tried


def _new(move: Move, tried: Mapping[str, list[str]]) -> bool:
    """Whether neither this value nor a near one is among those tried."""
    return all(distance(value, move.step.source) > NEAR_VALUE for value in tried.get(move.name, ()))


def _made(move: Move, tried: Mapping[str, list[str]]) -> bool:
    """Whether this very value is among those tried."""
    return any(distance(value, move.step.source) <= SAME_VALUE for value in tried.get(move.name, ()))


def _counts(trial: Trial, request: Request) -> bool:
    here = trial.session == request.session
    return trial.measured and (trial.experiment != request.experiment if here else trial.status != "keep")


def _draw(left: list[Move], request: Request, evidence: Evidence, generator: random.Random) -> Move | None:
    """The move of which most is expected, give or take.

    Values seen on other parents are left out four times in five, and where the ration of second tries is spent.
    """
    fresh = [move for move in left if not _seen(move, evidence)]
    spent = rationed(request.state.changes.of_session(request.session), before=request.experiment)
    pool = fresh if fresh and (spent or generator.random() < AVOID) else left
    worth = [evidence.worth(move.name, move.step) * generator.uniform(1 - JITTER, 1) for move in pool]
    best = max(range(len(pool)), key=worth.__getitem__, default=None)
    return None if best is None or worth[best] == 0 else pool[best]


def _seen(move: Move, evidence: Evidence) -> bool:
    return any(distance(value, move.step.source) <= SAME_VALUE for value in evidence.values(move.name))


def _proposal(moves: Sequence[Move], request: Request, *, hypothesis: str) -> Proposal | None:
    """The moves as a proposal; None where the gate would know it as a repeat, or as a revisit that is not free."""
    files: dict[str, str] = {}
    for move in sorted(moves, key=lambda move: -move.step.knob.start):  # from the end, so that places stay right
        files[move.path] = replace(files.get(move.path, request.files[move.path]), move.step.knob, move.step.source)
    change = signature(request.files, {**request.files, **files})
    found = matches(
        request.state.changes, change, session=request.session, experiment=request.experiment, parent=request.parent
    )
    earlier = found[0].trial if found else None
    if earlier and not _free(found[0].repeat, earlier, request):
        return None
    return Proposal(
        idea="; ".join(f"{_verb(m.step)} {m.name} from {m.step.knob.source} to {m.step.source}" for m in moves),
        files=files,
        hypothesis=hypothesis,
        kind="knob",
        proposer=Sampler.name,
        retry_of=earlier.experiment if earlier else None,
        retry_reason=BASE_CHANGED if earlier else None,
    )


def _free(repeat: bool, earlier: Trial, request: Request) -> bool:
    trials: Iterable[Trial] = request.state.changes.of_session(request.session)
    return not repeat and earlier.parent != request.parent and rationed(trials, before=request.experiment) is None


def _verb(step: KnobStep) -> str:
    return {1: "raise", -1: "lower", 0: "set"}[step.direction]
