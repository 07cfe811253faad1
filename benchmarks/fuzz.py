"""Mutated inputs for every decoder of what a stranger wrote: none may raise another error than its own, or take long.

python benchmarks/fuzz.py [--seconds 60] [--seed 0] [--only NAME]     exit code 1 if an input fails
python benchmarks/fuzz.py --planted [--seconds 60]                    exit code 1 if a planted fault is not found

Each decoder starts from a few good inputs, which are cut, copied, joined and mixed with what parsers stumble over.
"""

import argparse
import contextlib
import io
import json
import random
import re
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from journal import secret_scan
from journal.changes.python_knobs import knobs
from journal.changes.signature import signature
from journal.errors import JournalError, UnknownEvent
from journal.events import Usage
from journal.exchange import jsonl, results_import, results_table
from journal.query.full_text import match_expression
from journal.reports import transcripts
from journal.store.codec import decode, encode
from loop import judges
from loop.brief import program
from loop.brief.metric import candidates as metric_candidates
from loop.brief.metric import source as metric
from loop.brief.metric import terminal
from loop.brief.metric.source import MetricSource
from loop.errors import BadInput, WorkspaceError
from loop.gate import gate, literals, patch
from loop.gate.evaluator import evaluators
from loop.judges import criteria, panel
from loop.llm.messages import Fault, Reply
from loop.proposers import answer
from loop.proposers.command import note
from loop.runs import outcome
from loop.runs.process.telemetry import TelemetryReader

SECONDS, PATIENCE = 60.0, 5.0  # in all; for one input
LONGEST = 200_000  # bytes of an input
SHOWN = 3  # failures of one decoder
# fmt: off
WORDS = (
    b"[" * 2_000, b"]" * 200, b'{"a":' * 200, b"1" * 500, b"9" * 5_000, b"1e999", b"-1e-999", b"NaN", b"Infinity",
    b"null", b"true", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b"\xed\xa0\x80", b"\r", b"\r\n", b"\n", b"\t",
    b"\x1b[2J", b'"', b"\\", b"```", b"---\n", b"{{", b"&a [*a]", b"*a", b"!!python/object", b"2024-13-99",
    b"0x7f", b"1_000", b"-", b"@@ -0,0 +1 @@", b"--- a/", b"+++ b/", "σ\u202e\U000e0041".encode(),
    b"x: !!bool y\n", b"x: !!timestamp y\n",
    b"/" * 3_000, b"\n" * 30_000, b"\\'" * 9_000, b"api_key" * 3_000, b"step 1 " * 3_000,
)
# fmt: on
EVENT = (
    b'{"position":1,"recorded_at":"2026-11-20T23:00:00.000000+00:00","stream":"session/nov20","version":1,'
    b'"type":"SessionEnded","schema":1,"idempotency":null,"payload":{"session":"nov20","reason":"done"},"hash":"%s"}'
)
DIFF = "--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n-RATE = 0.5\n+RATE = 0.4\n print(RATE)\n"
BRIEF = """---
goal: lower the loss
metric: loss
direction: minimize
scope: [train.py, "*.yaml"]
budget: 5m
guard: acc >= 0.5
---
Make it small.
"""
RUBRIC = """text: A page.
criteria:
  - {name: clarity, ask: 'Is it clear?', weight: 2}
scan:
  - {pattern: 'very', costs: 0.5}
"""
GRADES = criteria.read(RUBRIC, name="rubric")


@dataclass
class Target:
    """A decoder, the errors that it may raise, and inputs that it takes."""

    decode: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: list[bytes]
    tried: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, bytes] = field(default_factory=dict)


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def telemetry(data: bytes) -> object:
    return list(TelemetryReader().feed(data + b"\n"))


def events(data: bytes) -> object:
    lines = data.split(b"\n")
    return list(jsonl.samples(lines)), list(jsonl.checked(jsonl.event_rows(lines)))


def results(data: bytes) -> object:
    table = results_table.parse(text(data))
    batches = results_import.events(table, session="old", source="results.tsv", text=text(data))
    return [encode(event) for _, batch in batches for event in batch]


def payload(data: bytes) -> object:
    name, _, rest = data.partition(b"\n")
    return decode(text(name), 1, rest)


def grades(data: bytes) -> object:
    reply = Reply(model="m", content=[{"type": "text", "text": text(data)}], stop_reason="end_turn", usage=Usage())
    return panel._grades(reply, GRADES)  # noqa: SLF001 - without a server


def numbers(data: bytes) -> object:
    sources = (
        MetricSource(kind="json", key="a.loss", name="loss"),
        MetricSource(kind="csv", key="loss", name="loss", file="r.csv"),
        metric.metric_source(program.parse(BRIEF, path=Path("program.md")).config),
    )
    return [metric.find_number(source, text(data)) for source in sources]


def patches(data: bytes) -> object:
    diff, before = text(data), {"train.py": "RATE = 0.5\nprint(RATE)\n"}
    return patch.count_lines(diff), patch.rebase(diff, before), patch.apply(diff, before)


def settings(data: bytes) -> object:
    return [knobs(f"file.{suffix}", text(data)) for suffix in ("py", "yaml", "toml", "json")]


def in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A decoder that reads a file, which lies in memory."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)

    def decode_file(data: bytes) -> object:
        (folder / name).write_bytes(data)
        return read(folder)

    return decode_file


def output(data: bytes) -> object:
    shown = terminal.shown(text(data))
    return metric_candidates.candidates(shown), outcome.signature(shown), secret_scan.redact(shown)


def new_files(data: bytes) -> object:
    files = {f"new.{suffix}": text(data) for suffix in ("py", "yaml", "toml", "json")}
    errors = [gate.syntax_error(path, content) for path, content in files.items()]
    return errors, signature(files, {}), literals.added_bytes(files, {}), literals.compressed_bytes(files, {})


def command(data: bytes) -> object:
    files = {"evaluate.sh": text(data), "evaluate.py": text(data)}
    return evaluators([text(data), "sh evaluate.sh", "python evaluate.py"], files, lambda path: files[path])


def prompts(folder: Path) -> object:
    records = transcripts.read_transcripts(folder, [], session="nov20", experiment=1)
    return [transcripts.render(record) for record in records]


def targets() -> dict[str, Target]:
    """Name -> decoder."""
    step = b'{"event":"step","step":7,"seconds":1.5,"loss":2.25,"tokens":4096}'
    proposal = (
        b'{"idea":"halve the batch","hypothesis":"more steps","kind":"knob","expected_delta":-0.01,"dollars":0.1}'
    )
    edits = b'{"idea":"halve it","edits":[{"path":"train.py","old":"0.5","new":"0.4"}],"kind":"knob"}'
    call = (
        b'{"request":{"system":"s","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]},"answer":"ok"}'
    )
    table = b"commit\tval_bpb\tmemory_gb\tstatus\tdescription\na1\t0.99\t44.0\tkeep\tbase\nb2\t-\t\tcrash\tx\ty\n"
    return {
        "telemetry": Target(telemetry, (), [step, b'{"event":"started"}\n' + step, b'{"event":"finished","steps":9}']),
        "proposal note": Target(
            in_file(note.NAME, lambda folder: note.read_note(folder, {})),
            (),
            [proposal, b"```json\n" + proposal + b"\n```"],
        ),
        "model's answer": Target(lambda data: answer.parse(text(data)), (answer.UnusableAnswer,), [edits]),
        "import of events": Target(
            events,
            (JournalError,),
            [EVENT % (b"a" * 64), b'{"sample":["nov20",1,1,7,0.5,null,2.5,null,null,null,null]}'],
        ),
        "import of results": Target(
            results,
            (JournalError,),
            [table, table.replace(b"\t", b","), b"commit\tscore\tstatus\tdescription\na\t1\tKEEP\tb\n"],
        ),
        "stored payload": Target(
            payload,
            (UnknownEvent,),
            [
                b'SessionEnded\n{"session":"a","reason":"b"}',
                b'SessionPaused\n{"session":"a","reason":"b","until":null}',
            ],
        ),
        "judge's answer": Target(grades, (Fault,), [b'{"clarity": 7.5}']),
        "judge's cost": Target(
            lambda data: judges.reported_usage(text(data)),
            (),
            [b'score: 7\njudge_usage: {"tokens_in":10,"dollars":0.5}'],
        ),
        "rubric": Target(lambda data: criteria.read(text(data), name="rubric"), (BadInput,), [RUBRIC.encode()]),
        "transcript": Target(in_file("nov20/1-1.json", prompts), (JournalError,), [call]),
        "brief": Target(
            lambda data: program.parse(text(data), path=Path("program.md")),
            (BadInput,),
            [BRIEF.encode(), b"Goal: a\nMetric: b\nDirection: minimize\n"],
        ),
        "patch": Target(patches, (WorkspaceError,), [DIFF.encode(), DIFF.encode() * 2]),
        "metric": Target(
            numbers,
            (BadInput,),
            [b'loss: 0.5\n{"a": {"loss": 0.25}}\nx,loss\n1,2\n', b"epoch 1 loss=0.5\r\x1b[K loss: 1e-3"],
        ),
        "knobs": Target(
            settings,
            (),
            [
                b"RATE = 0.5  # [0.1..1]\nBETAS = (0.9, 0.95)\n",
                b"rate: 0.5 # [0.1..1]\n",
                b"[a]\nrate = 1\n",
                b'{"rate": [1, 2]}',
            ],
        ),
        "output": Target(output, (), [b"epoch 1 loss: 0.5 acc 90%\n", b"Traceback\nOSError: /a/b/c.py: 7\n"]),
        "files of a proposal": Target(
            new_files, (), [b"RATE = 0.5\nprint('x')\n", b"rate: &a 0.5\nall: [*a]\n", b'{"a": [1]}']
        ),
        "evaluator": Target(
            command, (), [b"cd ev && python evaluate.py\n", b"import json\nexec(open('x.py').read())\n"]
        ),
        "words of a search": Target(
            lambda data: match_expression(text(data), operator=" OR "), (), [b"out of memory", b'a" OR b']
        ),
    }


def depth(data: bytes) -> int:
    return 1 + depth(data[1:]) if data[:1] == b"[" else 0


def planted() -> dict[str, Target]:
    """Decoders with a fault of each kind: an error that is not theirs, a search without end, nesting without a limit."""
    endless = re.compile(rb"(?:/[^:]+)+/x")
    return {
        "another error": Target(
            lambda data: {b"{": 1, b"[": 2}[json.dumps(json.loads(data)).encode()[:1]], (ValueError,), [b"{}"]
        ),
        "no end": Target(endless.search, (), [b"Error: /a/b"]),
        "no limit": Target(depth, (), [b"[1]"]),
    }


def mutations(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """The seeds, then changed copies of them without end."""
    yield from seeds
    yield from WORDS
    yield from (word + seed for seed in seeds for word in WORDS)
    while True:
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            data = chance.choice(CHANGES)(data, chance)
        yield data[:LONGEST]


def flip(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(WORDS) + data[at:]


def replace(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.choices(range(len(data) + 1), k=2))
    return data[:start] + chance.choice(WORDS) + data[end:]


def cut(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.choices(range(len(data) + 1), k=2))
    return data[:start] + data[end:]


def repeat(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.choices(range(len(data) + 1), k=2))
    times = chance.choice((2, 3, 100, 2_000))
    return data[:start] + data[start:end] * min(times, LONGEST // max(1, end - start)) + data[end:]


CHANGES = (flip, insert, replace, cut, repeat)


def tick(*_: object) -> None:
    raise TimeoutError(f"it took more than {PATIENCE:g} s")


def attempt(target: Target, data: bytes) -> None:
    """Decode one input, and count it."""
    begun = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            target.decode(data)
    except target.errors:
        pass
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        cause = f"{type(error).__name__}: {str(error)[:80]} ({Path(frame.filename).name}:{frame.lineno})"
        target.failures[cause] += 1
        if len(data) < len(target.examples.get(cause, b" " * (LONGEST + 1))):
            target.examples[cause] = data
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    took = time.perf_counter() - begun
    target.tried += 1
    target.seconds += took
    target.slowest = max(target.slowest, took)


def fuzz(chosen: dict[str, Target], *, seconds: float, seed: int) -> bool:
    """Try each decoder for its share of the time; print a line for each. Returns whether no input failed."""
    print(f"{'decoder':20} {'inputs':>9} {'a second':>9} {'slowest':>9}  failures")
    for name, target in chosen.items():
        inputs, until = (
            mutations(target.seeds, random.Random(f"{seed}/{name}")),
            time.monotonic() + seconds / len(chosen),
        )
        while time.monotonic() < until:
            attempt(target, next(inputs))
        rate = target.tried / target.seconds if target.seconds else 0.0
        print(
            f"{name:20} {target.tried:9,} {rate:9,.0f} {target.slowest * 1e3:6.1f} ms  {target.failures.total()}",
            flush=True,
        )
    for name, target in chosen.items():
        for cause, count in target.failures.most_common(SHOWN):
            print(f"{name}: {count} × {cause}\n  {target.examples[cause][:300]!r}")
    total = sum(target.tried for target in chosen.values())
    spent = sum(target.seconds for target in chosen.values())
    failures = sum(target.failures.total() for target in chosen.values())
    print(f"{total:,} inputs, {total / max(spent, 1e-9):,.0f} a second, {failures} failures")
    return not any(target.failures for target in chosen.values())


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=SECONDS)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", metavar="NAME", choices=sorted({**targets(), **planted()}))
    options.add_argument("--planted", action="store_true")
    given = options.parse_args()
    known = planted() if given.planted else targets()
    warnings.simplefilter("ignore")  # a mutated program may have an invalid escape
    signal.signal(signal.SIGALRM, tick)
    chosen = {given.only: known[given.only]} if given.only else known
    is_clean = fuzz(chosen, seconds=given.seconds, seed=given.seed)
    return int(not all(target.failures for target in known.values())) if given.planted else int(not is_clean)


if __name__ == "__main__":
    sys.exit(main())
