"""How well repeats are told from new ideas: precision and recall on labelled pairs of edits, and the CPU that it takes.

    python benchmarks/repeats.py [--wrong] [--json]

The pairs stand in `benchmarks/pairs`: `seen.py` was there while the detector was tuned, `fresh.py` was written after it was
frozen and is reported apart. A pair is alike (exact, reformatted, paraphrase, near value, other implementation, new
parent) or not (opposite direction, other value, other knob, unlike, combination, unrelated); the detector is right to speak,
by a refusal or by asking for a reason, on those that are alike and on no other. Text similarity is shown beside it.
"""

import argparse
import ast
import difflib
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sampler import Told

from journal.changes.knob import Knob
from journal.changes.signature import baseline_change, signature
from journal.events import Change, IdeaProposed, KnobMove, SessionStarted
from journal.events.recorded import Recorded
from journal.novelty.repeats import matches, neighbours
from journal.projections.state import State
from journal.projections.trials import Changes

ROOT = Path(__file__).resolve().parent
TRAIN = (ROOT / "pairs" / "train.py.txt").read_text(encoding="utf-8")
OTHER_PARENT = (
    ("MATRIX_LR = 0.02 ", "MATRIX_LR = 0.035 "),
    ("ADAM_BETA1 = 0.8 ", "ADAM_BETA1 = 0.9 "),
    ("(table.weight, -bound, bound)", "(table.weight, -bound / 2, bound / 2)"),
)
BASELINE = IdeaProposed(
    session="s", experiment=0, idea="the code as it is", kind="baseline", parent="b", diff="",
    change=baseline_change({"train.py": TRAIN}), proposer="loop",
)  # fmt: skip
COMBINED = ("HEAD_LR = 0.004 ", "HEAD_LR = 0.006 ")

Edit = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Pair:
    """Two edits, each from a parent's text to another; `alike` is the label."""

    name: str
    kind: str
    alike: bool
    first: tuple[str, str]
    second: tuple[str, str]


def applied(edit: Edit, text: str = TRAIN) -> str:
    for old, new in edit:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the text"
        text = text.replace(old, new)
    return text


def reformatted(text: str) -> str:
    """The same file as another writer would lay it out."""
    return "# another hand\n" + ast.unparse(ast.parse(text)).replace("\n", "\n\n", 40)


def of_ideas(ideas: Mapping[str, Mapping[str, Edit]]) -> Iterator[Pair]:
    names = list(ideas)
    base = applied(OTHER_PARENT)
    for place, (name, idea) in enumerate(ideas.items()):
        first = (TRAIN, applied(idea["edit"]))
        yield Pair(name, "exact", True, first, first)
        yield Pair(name, "reformatted", True, first, (TRAIN, reformatted(first[1])))
        yield Pair(name, "paraphrase", True, first, (TRAIN, applied(idea["paraphrase"])))
        yield Pair(name, "implementation", True, first, (TRAIN, applied(idea["implementation"])))
        yield Pair(name, "new parent", True, first, (base, applied(idea["edit"], base)))
        yield Pair(name, "unlike", False, first, (TRAIN, applied(idea["unlike"])))
        yield Pair(name, "combination", False, first, (TRAIN, applied([*idea["edit"], COMBINED])))
        for step in (1, 5):
            other = ideas[names[(place + step) % len(names)]]
            yield Pair(
                f"{name} / {names[(place + step) % len(names)]}",
                "unrelated",
                False,
                first,
                (TRAIN, applied(other["edit"])),
            )


def of_knobs(knobs: Sequence[tuple[str, ...]]) -> Iterator[Pair]:
    base = applied([("VALUE_EVERY = 2 ", "VALUE_EVERY = 3 ")])
    for place, (name, old, tried, again, near, other, opposite) in enumerate(knobs):
        line = f"\n{name} = {old} "
        first = (TRAIN, applied([(line, f"\n{name} = {tried} ")]))
        kinds = ("same value", "near value", "other value", "opposite")
        for kind, value in zip(kinds, (again, near, other, opposite), strict=True):
            alike = kind in ("same value", "near value")
            yield Pair(f"{name} {value}", kind, alike, first, (TRAIN, applied([(line, f"\n{name} = {value} ")])))
        yield Pair(name, "new parent", True, first, (base, applied([(line, f"\n{name} = {tried} ")], base)))
        another, was, to = knobs[(place + 1) % len(knobs)][:3]
        yield Pair(
            f"{name} / {another}",
            "other knob",
            False,
            first,
            (TRAIN, applied([(f"\n{another} = {was} ", f"\n{another} = {to} ")])),
        )


def detected(pair: Pair) -> bool:
    changes = Changes()
    changes.apply(Recorded(1, "", "", 1, BASELINE, ""))
    one, two = (signature({"train.py": before}, {"train.py": after}) for before, after in (pair.first, pair.second))
    idea = IdeaProposed(
        session="s", experiment=1, idea=pair.name, parent=_commit(pair.first[0]), diff="", change=one, proposer="p"
    )
    changes.apply(Recorded(2, "", "", 1, idea, ""))
    return bool(matches(changes, two, session="s", experiment=2, parent=_commit(pair.second[0])))


def textual(pair: Pair) -> bool:
    """For comparison: are the two diffs alike as texts, by the measure of difflib?"""
    one, two = (_diff(*side) for side in (pair.first, pair.second))
    return difflib.SequenceMatcher(None, one, two, autojunk=False).ratio() >= 0.8


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))[:4000]


def _commit(text: str) -> str:
    return str(hash(text))


def score(pairs: Sequence[Pair], said: Mapping[Pair, bool]) -> dict[str, object]:
    alike = [pair for pair in pairs if pair.alike]
    others = [pair for pair in pairs if not pair.alike]
    hits, alarms = sum(said[pair] for pair in alike), sum(said[pair] for pair in others)
    return {
        "pairs": len(pairs),
        "precision": hits / max(1, hits + alarms),
        "recall": hits / max(1, len(alike)),
        "false_alarms": alarms / max(1, len(others)),
        "by_kind": {
            kind: f"{sum(said[p] for p in pairs if p.kind == kind)}/{sum(p.kind == kind for p in pairs)}"
            for kind in dict.fromkeys(pair.kind for pair in pairs)
        },
    }


def cost(experiments: int = 10_000) -> dict[str, float]:
    """CPU milliseconds, of this process alone: a signature, the lookup among many past experiments, and the whole gate."""
    from loop.contracts import Proposal, Request
    from loop.gate.gate import check

    chance = random.Random(1)
    state = State()
    changes = state.changes
    state.apply(
        Recorded(
            1,
            "",
            "",
            1,
            SessionStarted(session="s", brief="", brief_hash="", config={}, base="c", start="c", branch="b"),
            "",
        )
    )
    words = [f"word{n}" for n in range(400)] + ["x", "norm", "forward", "torch", "shape", "linear"] * 40
    names = ["MATRIX_LR", *(f"KNOB_{number}" for number in range(24))]
    for number in range(1, experiments + 1):
        tokens = tuple(sorted(set(chance.sample(words, 12)))) if chance.random() < 0.5 else ()
        moves = (
            () if tokens else (KnobMove(name=chance.choice(names), old="1.0", new=f"{chance.uniform(0.01, 9):.3f}"),)
        )
        change = Change(program=f"p{number}", change=f"c{number}", knobs=moves, added=tokens)
        idea = IdeaProposed(
            session="s", experiment=number, idea="", parent=f"c{number // 5}", diff="", change=change, proposer="p"
        )
        state.apply(Recorded(number + 1, "", "", 1, idea, ""))
    edits = [
        applied([("MATRIX_LR = 0.02 ", f"MATRIX_LR = 0.0{n} ")]) for n in range(30, 50)
    ]  # each is new to its reader
    asked = [
        Change(program="p", change="c", added=("norm", "forward", "x", "word7", "word9", "linear", "torch")),
        Change(program="p", change="c", knobs=(KnobMove(name="KNOB_3", old="1.0", new="1.07"),)),
    ] * 5

    def look(change: Change) -> None:
        matches(changes, change, session="s", experiment=experiments + 1, parent="c1999")
        neighbours(changes, change, session="s", experiment=experiments + 1)

    request = Request(
        session="s", experiment=experiments + 1, attempt=1, parent="c1999", files={"train.py": TRAIN}, state=state
    )

    def gate(text: str) -> None:
        check(Proposal(idea="", files={"train.py": text}), request, scope=["train.py"])

    signed = statistics.median(
        seconds(partial(signature, {"train.py": TRAIN}, {"train.py": text})) for text in edits[:10]
    )
    looked = statistics.median(seconds(partial(look, change)) for change in asked)
    gated = sorted(seconds(partial(gate, text)) for text in edits[10:])
    return {
        "signature_ms": 1000 * signed,
        "lookup_ms": 1000 * looked,
        "gate_ms": 1000 * statistics.median(gated),
        "gate_worst_ms": 1000 * gated[-1],
        "experiments": experiments,
    }


def seconds(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def forgetful(experiments: int = 300, *, gated: bool, seed: int = 1) -> float:
    """The share of runs that repeat an earlier edit, for a proposer that repeats itself half of the time.

    Half is what public logs show of a mid-size model with its history in the prompt. A refused proposal is asked for twice
    more, then the sampler fills the slot, as in the loop.
    """
    from sampler import Through

    from journal.changes.python_knobs import knobs, replace_literal
    from loop.contracts import Accepted, Proposal
    from loop.gate.gate import check
    from loop.proposers.sampler.sampler import Sampler

    chance = random.Random(seed)
    said: list[tuple[str, str]] = []
    ran: set[str] = set()
    repeats = 0
    night = Through(Sampler(), seed)

    def propose() -> Proposal:
        known = {knob.name: knob for knob in knobs("train.py", night.files["train.py"])}
        name, source = chance.choice(said) if said and chance.random() < 0.5 else _idea(known, chance)
        said.append((name, source))
        return Proposal(
            idea=f"{name} to {source}",
            files={"train.py": replace_literal(night.files["train.py"], known[name], source)},
        )

    for _ in range(experiments):
        request = night.request()
        proposal = propose()
        for _ in range(2):
            if not gated or isinstance(check(proposal, request, scope=["train.py"]), Accepted):
                break
            proposal = propose()
        if gated and not isinstance(check(proposal, request, scope=["train.py"]), Accepted):
            proposal = Sampler().propose(request)
        change = night.record(proposal)
        edit = repr([(move.name, move.new) for move in change.knobs])
        repeats += (
            edit in ran and proposal.retry_of is None
        )  # a second try that is named, reasoned and rationed is none
        ran.add(edit)
        night.tell({}, Told(1.0, chance.random() < 0.05), 0.0)
    return repeats / experiments


def _idea(known: Mapping[str, Knob], chance: random.Random) -> tuple[str, str]:
    name = chance.choice(sorted(known))
    number = float(known[name].value) or 0.05
    drawn = number * chance.uniform(0.4, 2.5)
    return name, str(max(1, round(drawn))) if isinstance(known[name].value, int) else f"{drawn:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--wrong", action="store_true", help="name the pairs that the detector gets wrong")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sets = {name: [*of_ideas(found.IDEAS), *of_knobs(found.KNOBS)] for name, found in _sets().items()}
    everything = [pair for pairs in sets.values() for pair in pairs]
    said = {pair: detected(pair) for pair in everything}
    text = {pair: textual(pair) for pair in everything}
    report = {name: score(pairs, said) for name, pairs in {**sets, "all": everything}.items()}
    report["all, diffs as text"] = score(everything, text)
    repeated = {"with the gate": forgetful(gated=True), "without it": forgetful(gated=False)}
    if arguments.json:
        print(json.dumps({"sets": report, "cost": cost(), "repeated": repeated}))
        return
    for name, found in report.items():
        print(
            f"{name}: {found['pairs']} pairs, precision {found['precision']:.3f}, recall {found['recall']:.3f}, "
            f"false alarms {found['false_alarms']:.3f}"
        )
        print("   ", ", ".join(f"{kind} {share}" for kind, share in found["by_kind"].items()))  # type: ignore[attr-defined]
    print(", ".join(f"{key} {value:.2f}" for key, value in cost().items()))
    print(
        "runs that repeat, of a proposer that forgets:",
        ", ".join(f"{share:.1%} {how}" for how, share in repeated.items()),
    )
    if arguments.wrong:
        for pair in everything:
            if said[pair] != pair.alike:
                print(f"{'missed' if pair.alike else 'false alarm'}: {pair.kind}: {pair.name}")


def _sets() -> dict[str, object]:
    from pairs import fresh, seen

    return {"seen": seen, "fresh": fresh}


if __name__ == "__main__":
    main()
