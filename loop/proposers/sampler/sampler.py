"""The built-in proposer: one step of one knob from the incumbent, chosen by earlier trials. Needs no key.

It never makes a change twice on one parent, mostly avoids values tried on other parents (measured: four times in five is best),
follows a direction that paid, reverses one that cost, and stops before a value that crashed. It makes several steps at once if
each gained a little and they promise more than any single step. The session and the experiment seed its generator, so a
restarted loop continues with the same steps.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from journal.changes.knob import Knob
from journal.changes.python_knobs import knobs, replace_literal
from journal.changes.signature import signature
from journal.novelty.repeats import NEAR_VALUE, SAME_VALUE, matches
from journal.novelty.retries import BASE_CHANGED, ration_refusal
from journal.novelty.similarity import distance
from journal.projections.trials import Trial
from loop.contracts import Proposal, Request
from loop.errors import ProposerFailure
from loop.proposers.sampler.evidence import KnobEvidence, hypothesis
from loop.proposers.sampler.joint_steps import joint_steps
from loop.proposers.sampler.steps import Move, movable
from loop.proposers.sampler.study import study_trials

AVOID = 0.8  # probability of leaving out values tried on other parents
JITTER = 0.4  # relative, on the expected improvement of a step, which is a rough estimate
DRAWS = 60  # of proposals before the sampler gives up
JOINT_DRAWS = 4
VERBS = {1: "raise", -1: "lower", 0: "set"}  # by the direction of a step
SUM = "Each of these gained a little alone on this base, too little to be kept: together they may exceed the noise."
PAIR = "Nothing was kept for long: two steps that did not help alone may help together."
NO_KNOBS = (
    "The files in scope have no knob: write a module-level number with its range, such as `LR = 0.04  # [0.001..1]`, or move "
    "the numbers to a YAML, TOML or JSON file in scope."
)


class Sampler:
    """Proposes steps of the literals in scope, one at a time, or several if each gained a little.

    After `plateau` of the brief every second proposal moves two knobs, unless a change may move one knob only.
    """

    name = "sampler"

    def propose(self, request: Request) -> Proposal:
        """Raises ProposerFailure if no knob is in scope, or no step is left on this parent."""
        moves = list(moves_of(request.files))
        if not moves:
            raise ProposerFailure(NO_KNOBS, kind="no_knobs")
        if not request.one_knob and _is_pairs_turn(request) and (pair := _pair(moves, request)):
            return pair
        local = _local(moves, request)
        if local is None:
            raise ProposerFailure(
                "Every step of every knob has been tried on this incumbent: widen the ranges, or change the code.",
                kind="exhausted",
            )
        return local


def _local(moves: list[Move], request: Request) -> Proposal | None:
    """A step of one knob; None if none is left."""
    generator = random.Random(f"{request.session}/{request.experiment}/{request.attempt}")
    evidence = _evidence(request)
    tried = _tried(request)
    left = [move for move in moves if _is_new(move, tried)]
    if combined := _combined(moves, left, request, evidence):
        return combined
    for _ in range(DRAWS):
        move = _draw(left, request, evidence, generator)
        if move is None:
            return None
        proposal = _proposal([move], request, hypothesis=hypothesis(move.name, move.step, evidence))
        if proposal is not None:
            return proposal
        left.remove(move)
    return None


def _combined(moves: list[Move], left: list[Move], request: Request, evidence: KnobEvidence) -> Proposal | None:
    """Several steps that gained a little on this parent, if they promise more than any single step that is left."""
    if request.one_knob or request.attempt > 1:
        return None
    tried = _tried(request)
    single = max((evidence.improvement(move.name, move.step) for move in left), default=0.0)
    steps = joint_steps(moves, evidence, is_tried=lambda move: _is_tried(move, tried), single=single)
    return _proposal(steps, request, hypothesis=SUM) if steps else None


def _evidence(request: Request) -> KnobEvidence:
    rows = request.state.knobs.of_session(request.session)
    return KnobEvidence(
        rows,
        before=request.experiment,
        direction=request.direction,
        elsewhere=study_trials(request),
        priors=request.priors,
    )


def _is_pairs_turn(request: Request) -> bool:
    """Whether two knobs are to move: after `plateau` of the brief at every second experiment, in the first attempt."""
    return bool(request.plateau) and request.experiment % 2 == 0 and request.attempt == 1


def _pair(moves: list[Move], request: Request) -> Proposal | None:
    """Steps of two knobs at once, which may help if the knobs interact."""
    generator = random.Random(f"{request.session}/{request.experiment}/pair")
    evidence = _evidence(request)
    for _ in range(JOINT_DRAWS):
        first = _draw(moves, request, evidence, generator)
        others = [move for move in moves if first and move.name != first.name]
        second = _draw(others, request, evidence, generator)
        if first and second and (proposal := _proposal([first, second], request, hypothesis=PAIR)):
            return proposal
    return None


def moves_of(files: Mapping[str, str]) -> Iterator[Move]:
    """Every step of every knob in the files."""
    for path in sorted(files):
        label = f"{path}:" if len(files) > 1 else ""
        for name, steps in movable(knob for knob in knobs(path, files[path]) if _is_knob(knob, path)).items():
            yield from (Move(path=path, name=f"{label}{name}", step=step) for step in steps)


EXCLUDED = frozenset({"SEED", "VERSION", "EVAL", "LOG", "VERBOSE", "DEBUG", "PORT", "BUDGET", "TIMEOUT"})


def _is_knob(knob: Knob, path: str) -> bool:
    """In Python a knob has a name in capitals, or a range. A seed, a budget or a logging interval changes the measurement."""
    bare = knob.name.partition("[")[0]
    is_declared = bare.isupper() or knob.range.is_declared or not path.endswith(".py")
    return is_declared and not EXCLUDED & set(re.split(r"[_.-]", bare.upper()))


def _tried(request: Request) -> Mapping[str, list[str]]:
    """Knob -> the values that were tried alone on this parent's program, or refused for this experiment.

    Keeps of other sessions are not among them: this session does not have them, and the gate accepts them again.
    """
    changes = request.state.changes
    tried_changes = [trial.change for trial in changes.on_parent(request.parent) if _counts(trial, request)]
    tried_changes += changes.refused.get((request.session, request.experiment), [])
    tried: dict[str, list[str]] = {}
    for change in tried_changes:
        if len(change.knobs) == 1 and not change.added and not change.removed:
            tried.setdefault(change.knobs[0].name, []).append(change.knobs[0].new)
    return tried


def _is_new(move: Move, tried: Mapping[str, list[str]]) -> bool:
    """Whether neither the value nor a near one was tried."""
    return all(distance(value, move.step.source) > NEAR_VALUE for value in tried.get(move.name, ()))


def _is_tried(move: Move, tried: Mapping[str, list[str]]) -> bool:
    """Whether exactly this value was tried."""
    return any(distance(value, move.step.source) <= SAME_VALUE for value in tried.get(move.name, ()))


def _counts(trial: Trial, request: Request) -> bool:
    is_itself = (trial.session, trial.experiment) == (request.session, request.experiment)
    return trial.is_evidence and not is_itself and request.state.changes.holds_in(trial, request.session)


def _draw(left: list[Move], request: Request, evidence: KnobEvidence, generator: random.Random) -> Move | None:
    """The move with the largest expected improvement after jitter.

    Values tried on other parents are mostly left out, and always if the ration of retries is spent.
    """
    fresh = [move for move in left if not _is_known(move, evidence)]
    spent = ration_refusal(request.state.changes.of_session(request.session), before=request.experiment)
    pool = fresh if fresh and (spent or generator.random() < AVOID) else left
    scores = [evidence.improvement(move.name, move.step) * generator.uniform(1 - JITTER, 1) for move in pool]
    best = max(range(len(pool)), key=scores.__getitem__, default=None)
    return None if best is None or scores[best] == 0 else pool[best]


def _is_known(move: Move, evidence: KnobEvidence) -> bool:
    return any(distance(value, move.step.source) <= SAME_VALUE for value in evidence.values(move.name))


def _proposal(moves: Sequence[Move], request: Request, *, hypothesis: str) -> Proposal | None:
    """The moves as a proposal; None if the gate would refuse it as a repeat or a retry."""
    files: dict[str, str] = {}
    for move in sorted(moves, key=lambda move: -move.step.knob.start):  # from the end, so that positions stay valid
        files[move.path] = replace_literal(
            files.get(move.path, request.files[move.path]), move.step.knob, move.step.source
        )
    change = signature(request.files, {**request.files, **files})
    session, number = request.session, request.experiment
    found = matches(request.state.changes, change, session=session, experiment=number, parent=request.parent)
    earlier = found[0].trial if found else None
    if earlier and not _may_retry(found[0].is_repeat, earlier, request):
        return None
    return Proposal(
        idea="; ".join(
            f"{VERBS[m.step.direction]} {m.name} from {m.step.knob.source} to {m.step.source}" for m in moves
        ),
        files=files,
        hypothesis=hypothesis,
        kind="knob",
        proposer=Sampler.name,
        retry_of=earlier.experiment if earlier else None,
        retry_reason=BASE_CHANGED if earlier else None,
    )


def _may_retry(is_repeat: bool, earlier: Trial, request: Request) -> bool:
    trials: Iterable[Trial] = request.state.changes.of_session(request.session)
    return (
        not is_repeat and earlier.parent != request.parent and ration_refusal(trials, before=request.experiment) is None
    )
