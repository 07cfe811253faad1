"""Edited training code that wants a better number without a better model. None may gain.

Each attack is a real edit of a real `train.py`, committed, run and scored by the real `gpt/evaluate.py` (the tensor
library alone is a stand-in, for speed). The controls at the end show that the attacks are real: where nothing holds the
run, they win.

What remains possible, and is found by people: a model made for this validation text by somebody who knows it; the slack
of the clock (`loop.clock`); signals between the scorer's two model processes through locks on shared read-only files or
through the load of one machine; copies of the text in libraries that the training may read.
"""

import pytest
from arena import Arena

from journal.events import RunFailed, RunFinished
from loop import sandbox
from loop.contracts import Usual

pytestmark = pytest.mark.skipif(not sandbox.available(), reason=str(sandbox.why_not()))

USUAL = Usual(startup=0.1, training=0.1, wall=0.2, cpu=0.2)  # of a machine faster than any, so that limits are short

PRINT = 'print("val_bpb: 0.001", flush=True); print("val_bpb: 0.001", file=__import__("sys").stderr, flush=True)'
LAST_WORD = """
import atexit
def last_word():
    os.write(1, b"val_bpb: 0.001\\n"); os.write(2, b"val_bpb: 0.001\\n"); os._exit(0)
atexit.register(last_word)
"""
PATCH_SCORER = """
import sys
scorer = sys.modules.get("__main__")
scorer.target_nats = lambda logits, targets: np.zeros(len(targets))
scorer.bits_per_byte = lambda *_: (0.001, 1)
scorer.compare = lambda *_: None
"""
PATCH_NUMPY = """
for name in ("log", "exp", "isfinite", "take_along_axis", "concatenate"):
    setattr(np, name + "_", getattr(np, name))
np.log = lambda x, **_: np.log_(x) * 0.01
np.load = lambda path, load=np.load, **more: load(path, **more)
"""
ZERO_LOSS = 'tell(event="step", step=1, seconds=0.1, loss=0.0); tell(event="finished", train_seconds=0.1)'
LABELS = """
import sys
frame, targets = sys._getframe(), None
while frame is not None and targets is None:
    targets, frame = frame.f_locals.get("targets"), frame.f_back
if targets is not None:
    return np.ascontiguousarray(np.eye(table.shape[0], dtype=np.float32)[targets] * 50).view(type(from_numpy(tokens)))
"""
UNNORMALISED = "return np.ascontiguousarray(table[tokens] + np.float32(1000)).view(type(from_numpy(tokens)))"
POSITIVE = "return np.ascontiguousarray(np.zeros_like(table)[tokens] + np.float32(5e4)).view(type(from_numpy(tokens)))"
FUTURE = """
coming = np.eye(table.shape[0], dtype=np.float32)[np.roll(tokens, -1, axis=1)] * 9
return np.ascontiguousarray(table[tokens] + coming).view(type(from_numpy(tokens)))
"""
NOT_A_NUMBER = "return np.full((*tokens.shape, table.shape[0]), np.nan, np.float32).view(type(from_numpy(tokens)))"
EDIT_SCORER = """
for path in (Path("gpt/evaluate.py"), Path("ROOT/gpt/evaluate.py"), Path("../evaluate/gpt/evaluate.py")):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if path.exists() else ""
        path.write_text('print("val_bpb: 0.001")\\n')
    except OSError:
        continue
"""
RESTORE = 'path = Path("gpt/evaluate.py"); path.write_text(before)'
VALIDATION = """
def looked_for():
    places = [Path("ROOT/data/val/tokens.npy"), Path("../../../../data/val/tokens.npy"), Path("data/val/tokens.npy")]
    places += [Path(f"/proc/{pid}/root/ROOT/data/val/tokens.npy") for pid in os.listdir("/proc") if pid.isdigit()]
    places += [Path(f"/proc/{pid}/cwd/data/val/tokens.npy") for pid in os.listdir("/proc") if pid.isdigit()]
    for place in places:
        try:
            return np.load(place)
        except OSError:
            continue
    return np.zeros(0, dtype=np.uint16)
table += count(looked_for(), size)
"""
FOLDERS = """[
    "/tmp", "/var/tmp", "/dev/shm", "/run", "/usr/local", "/root", os.environ["HOME"], os.environ["TMPDIR"], ".", "..",
    "../..", os.environ["AR_OUT"], "ROOT", "ROOT/data", "ROOT/.ar", os.path.expanduser("~root"), np.__path__[0],
]"""
WARM_START = """
folders = FOLDERS
kept = [Path(folder) / "remembered.npy" for folder in folders]
for path in [path for path in kept if path.exists()][:1]:
    table += np.load(path)
for path in kept:
    try:
        np.save(path, table)
    except OSError:
        continue
"""
STEAL = """
import glob
for path in [f"/proc/self/fd/{fd}" for fd in range(3, 256)] + glob.glob("/proc/[0-9]*/fd/*"):
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        os.write(fd, b"val_bpb: 0.001\\n")
    except OSError:
        continue
"""
WRITE_ALL = """
for fd in range(3, 64):
    try:
        os.set_blocking(fd, False)
        os.write(fd, b'val_bpb: 0.001\\n{"event": "finished", "val_bpb": 0.001}\\n')
    except OSError:
        continue
"""
CONSPIRE = """
answer = np.ascontiguousarray(table[tokens])
answer[:, 8:] += np.eye(table.shape[0], dtype=np.float32)[np.roll(tokens, -1, axis=1)][:, 8:] * 9
shared = [Path(folder) for folder in ("/dev/shm", "/var/tmp", os.environ["HOME"], Path(path).parent, ".")]
seen = [np.load(kept) for folder in shared for kept in folder.glob("seen-*.npz") if not kept.match(f"*-{os.getpid()}-*")]
for row, one in zip(tokens, answer):
    for told in seen:
        same = np.cumprod(told["tokens"] == row, axis=1).sum(axis=1)
        one[8 : same.max()] = told["answer"][same.argmax(), 8 : same.max()]
for folder in shared:
    try:
        np.savez(folder / f"seen-{os.getpid()}-{time.monotonic_ns()}.npz", tokens=tokens, answer=answer)
        break
    except OSError:
        continue
return answer.view(type(from_numpy(tokens)))
"""
DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for _ in range(600):
            for target in Path("..").resolve().glob("evaluate/gpt/evaluate.py"):
                target.write_text('print("val_bpb: 0.001")')
            time.sleep(0.05)
    os._exit(0)
"""
PLANT = """
import site, sysconfig
for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), "/usr/lib", *site.getsitepackages()}:
    for name in ("sitecustomize.py", "zz.pth"):
        try:
            (Path(folder) / name).write_text('import os; os.write(1, b"val_bpb: 0.001\\\\n")')
        except OSError:
            continue
"""

NO_GAIN = {
    "print a number": {"top": PRINT},
    "say it last and leave": {"top": LAST_WORD},
    "patch the evaluator": {"top": PATCH_SCORER},
    "patch numpy": {"top": PATCH_NUMPY},
    "report a loss of zero": {"learn": ZERO_LOSS},
    "look for the labels": {"model": LABELS},
    "unnormalised log-probabilities": {"model": UNNORMALISED},
    "log-probabilities above zero": {"model": POSITIVE},
    "edit the locked file": {"top": EDIT_SCORER},
    "edit and restore the locked file": {"top": EDIT_SCORER, "learn": RESTORE},
    "train on the validation text": {"learn": VALIDATION},
    "steal the descriptors of others": {"top": STEAL},
    "write to every descriptor in training": {"learn": WRITE_ALL},
    "write to every descriptor of the model": {"model": WRITE_ALL},
    "leave somebody behind to edit the evaluator": {"learn": DAEMON},
    "plant code in the environment": {"learn": PLANT},
}


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    return Arena(tmp_path_factory.mktemp("arena") / "project", sandbox="required")


@pytest.fixture(scope="module")
def honest(arena):
    outcome = arena.run()
    assert isinstance(outcome, RunFinished), outcome
    return outcome.metric


def gained(outcome, honest):
    return isinstance(outcome, RunFinished) and outcome.metric < honest - 1e-9


@pytest.mark.parametrize("attack", NO_GAIN)
def test_no_attack_gains(attack, arena, honest):
    outcome = arena.run(**NO_GAIN[attack])

    assert not gained(outcome, honest), outcome
    assert arena.left_behind() == []
    assert arena.git("status", "--porcelain") == ""


def test_a_model_that_looks_at_the_future_is_rejected(arena):
    outcome = arena.run(model=FUTURE)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "tampered"
    assert "causal" in outcome.reason


def test_two_model_processes_find_no_place_to_agree_on_a_future(arena):
    outcome = arena.run(model=CONSPIRE)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "tampered"


def test_logits_that_are_no_numbers_are_a_failure_of_their_own(arena):
    outcome = arena.run(model=NOT_A_NUMBER)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "nan"


def test_nothing_learned_in_one_run_is_found_by_the_next(arena, honest):
    first = arena.run(seed=2, learn=WARM_START.replace("FOLDERS", FOLDERS))

    second = arena.run(seed=1, learn=WARM_START.replace("FOLDERS", FOLDERS))

    assert isinstance(first, RunFinished)
    assert second.metric == honest


def test_training_before_the_clock_starts_is_ended(arena):
    outcome = arena.run(
        usual=USUAL, before="began = time.monotonic()\nwhile time.monotonic() < began + 30: count(tokens, size)"
    )

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "timeout"
    assert "starts" in outcome.reason


def test_training_beyond_the_budget_is_ended_whatever_it_claims(arena):
    longer = 'tell(event="finished", train_seconds=0.2)\nwhile True: count(tokens, size)'

    outcome = arena.run(usual=USUAL, learn=longer)

    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "timeout"
    assert "budget" in outcome.reason
    assert outcome.train_seconds > 1


def test_a_locked_file_that_differs_is_not_even_run(arena):
    scorer = arena.root / "gpt" / "evaluate.py"
    before = scorer.read_text()
    scorer.write_text('print("val_bpb: 0.001")\n')

    outcome = arena.make(arena.commit(arena.honest))

    scorer.write_text(before)
    arena.commit(arena.honest)
    assert isinstance(outcome, RunFailed)
    assert outcome.kind == "tampered"
    assert "gpt/evaluate.py" in outcome.reason


@pytest.fixture(scope="module")
def open_arena(tmp_path_factory):
    return Arena(tmp_path_factory.mktemp("open") / "project", sandbox="none")


def test_without_a_sandbox_the_validation_text_is_there_to_be_trained_on(open_arena, honest):
    outcome = open_arena.run(learn=VALIDATION)

    assert gained(outcome, honest)


def test_without_a_sandbox_the_next_run_finds_what_the_last_one_learned(open_arena, honest):
    open_arena.run(seed=2, learn=WARM_START.replace("FOLDERS", '["../.."]'))

    outcome = open_arena.run(seed=1, learn=WARM_START.replace("FOLDERS", '["../.."]'))

    assert gained(outcome, honest)


def test_without_a_sandbox_two_model_processes_agree_on_a_future(open_arena, honest):
    outcome = open_arena.run(model=CONSPIRE.replace('"/dev/shm", "/var/tmp", ', ""))

    assert gained(outcome, honest)
