"""Plant faults in a copy of the loop, one at a time, and see whether `benchmarks/kill.py` finds the damage they do.

    python benchmarks/mutants.py                  all of them; minutes each at most
    python benchmarks/mutants.py moves settles    those whose name holds one of these words

A harness that catches no planted fault proves nothing by finding none. Exit code 1 where a fault was not caught.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEAD_LOOP = "            byte = channel.recv(1)\n"
RECORD_RUN = "    ctx.journal.append(number, _run_started(ctx, spec))"
RECORD_OUTCOME = "    ctx.journal.append(number, outcome)\n    return outcome"


@dataclass(frozen=True)
class Mutant:
    """A fault: texts of one file and what replaces them."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]

    def plant(self, root: Path) -> None:
        path = root / self.file
        text = path.read_text()
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {self.file} holds {text.count(old)} times {old!r}: plant it anew.")
            text = text.replace(old, new)
        path.write_text(text)


MUTANTS = (
    Mutant(
        "the branch moves before the verdict is durable",
        "loop/experiment/verdict.py",
        (
            (
                "        if event is not None:\n",
                """        if isinstance(event, ExperimentKept) and number != BASELINE:
            ctx.workspace.move_branch(ctx.session.tag, commit, expected=ctx.session.tip)
        if event is not None:
""",
            ),
        ),
    ),
    Mutant("recovery applies no verdict", "loop/session/recovery.py", (("        *_apply_verdicts(ctx),\n", ""),)),
    Mutant(
        "recovery does not move the branch",
        "loop/session/recovery.py",
        (("        *_move_branch(ctx.session, ctx.workspace),\n", ""),),
    ),
    Mutant(
        "recovery leaves open runs open",
        "loop/session/recovery.py",
        (("        *_end_runs(ctx.journal, ctx.runs),\n", ""),),
    ),
    Mutant(
        "recovery knows only the first commit of the branch",
        "loop/session/recovery.py",
        (("    if head not in (None, session.previous_tip):", "    if head not in (None, session.start):"),),
    ),
    Mutant(
        "an interrupted run counts as a crash", "loop/session/recovery.py", (('kind="interrupted",', 'kind="crash",'),)
    ),
    Mutant(
        "an interrupted run counts as the candidate's own",
        "loop/runtime/experiment_log.py",
        (('    return isinstance(outcome, RunFailed) and outcome.kind == "interrupted"', "    return False"),),
    ),
    Mutant(
        "no ref holds a tried commit",
        "loop/experiment/commit.py",
        (("    ctx.workspace.pin(ctx.session.tag, number, sha)\n", ""),),
    ),
    Mutant(
        "a change is committed again",
        "loop/experiment/commit.py",
        (("    if log.committed is not None:\n", "    if log.committed is None and log.verdict:\n"),),
    ),
    Mutant(
        "the baseline is proposed again",
        "loop/experiment/baseline.py",
        (
            (
                "    if journal.log(BASELINE).idea is not None:\n",
                "    if journal.log(BASELINE).verdict is not None:\n",
            ),
        ),
    ),
    Mutant(
        "an idea is asked for although there is one",
        "loop/experiment/propose.py",
        (
            (
                "    while (log := ctx.journal.log(number)).idea is None:\n",
                """    asked = False
    while (log := ctx.journal.log(number)).idea is None or not asked:
        asked = True
""",
            ),
        ),
    ),
    Mutant(
        "an open experiment is forgotten",
        "loop/session/main_loop.py",
        (
            (
                "    number = min(workers.waiting_experiments(), default=ctx.journal.next_number())",
                "    number = ctx.journal.next_number()",
            ),
        ),
    ),
    Mutant(
        "a run is recorded when it is over",
        "loop/experiment/launch.py",
        (
            (RECORD_RUN, f"    late = lambda: {RECORD_RUN.strip()}"),
            (RECORD_OUTCOME, f"    late()\n{RECORD_OUTCOME}"),
        ),
    ),
    Mutant(
        "a kept change does not move the branch",
        "loop/experiment/branch.py",
        (("            move_branch(ctx, commit, expected=before)\n", "            pass\n"),),
    ),
    Mutant(
        "a revert is not the same commit twice",
        "loop/experiment/branch.py",
        (
            (
                "        when = datetime.fromisoformat(log.proposed_at)\n",
                "        import time\n\n        when = datetime.fromtimestamp(time.monotonic_ns() % 10**9).astimezone()\n",
            ),
        ),
    ),
    Mutant(
        "a branch is made before its session is recorded",
        "loop/session/start.py",
        (
            ("    workspace.move_branch(name, start, expected=None)\n", ""),
            (
                "    journal.append(session_stream(name), [event], expected_version=0)\n",
                """    workspace.move_branch(name, start, expected=None)
    journal.append(session_stream(name), [event], expected_version=0)
""",
            ),
        ),
    ),
    Mutant(
        "a guardian lives on when its loop is dead",
        "loop/runs/process/guardian.py",
        (
            (
                DEAD_LOOP,
                f"            while channel.recv(1, socket.MSG_PEEK) == b'':\n                signal.pause()\n{DEAD_LOOP}",
            ),
        ),
    ),
    Mutant(
        "a guardian leaves what the command forked",
        "loop/runs/process/guardian.py",
        (("    usage = _end_all()\n", "    usage = (0.0, 0)\n"),),
    ),
)


def caught(mutant: Mutant, *options: str) -> list[str]:
    """What the harness finds in a copy of the loop with this fault; nothing where the fault escapes."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for package in ("journal", "loop", "benchmarks"):
            shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.plant(root)
        done = subprocess.run(
            [sys.executable, root / "benchmarks" / "kill.py", "--stop", *options],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            check=False,
            capture_output=True,
            text=True,
        )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"The harness itself failed: {done.stderr.strip()[-500:]}")
    found: list[str] = json.loads(lines[-1])["damage"]
    return found


def main() -> int:
    words = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    escaped = 0
    for mutant in chosen:
        began = time.monotonic()
        found = caught(mutant)
        escaped += not found
        verdict = f"caught: {found[0][:140]}" if found else "ESCAPED"
        print(f"{time.monotonic() - began:4.0f} s  {mutant.name}: {verdict}", flush=True)
    print(f"{len(chosen) - escaped} of {len(chosen)} planted faults caught")
    return bool(escaped)


if __name__ == "__main__":
    sys.exit(main())
