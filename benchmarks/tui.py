"""The screen in a pseudo-terminal: bytes, ratios to a bare Textual app started in turn with it, and latencies.

    python benchmarks/tui.py [--count 100000] [--rounds 7] [--json]

Byte counts are exact; times carry the machine's load, so the start is given as a ratio. Exit code 1 if a budget is broken.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tui")]

import sessions  # noqa: E402
from terminal import Terminal  # noqa: E402

from journal.events import experiment_stream  # noqa: E402
from journal.store import MachineSample  # noqa: E402

SIZE = (120, 40)
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("bare and ready")
Bare().run(mouse=False)
"""
BUDGETS = {
    "first content, ratio to a bare Textual app": 1.6,
    "first paint, bytes": 36_000,
    "idle, nothing in flight, bytes/s": 0,
    "idle, a run in flight, bytes/s": 1_000,
    "one journal event, bytes": 2_000,
    "commit to pixels, ms (p50)": 60,
    "key to first byte, ms (p50)": 20,
    "open History, ms (p50)": 50,
    "jump to its end, ms (p50)": 20,
    "one replay step, ms (p50)": 20,
    "memory, MB": 90,
    "idle CPU, % of a core": 2,
}


def ar_tui(path: Path, *more: str) -> Terminal:
    state = {"XDG_STATE_HOME": str(path.parent)}
    return Terminal([sys.executable, "-m", "tui.cli", "--journal", str(path), *more], size=SIZE, env=state)


def first_content(path: Path, rounds: int) -> tuple[float, float, int]:
    """Median seconds of ours and of a bare app, started in turn; bytes of our first paint."""
    ours, bare, size = [], [], 0
    for _ in range(rounds):
        with ar_tui(path) as terminal:
            ours.append(terminal.until_shown("last experiments") - terminal.started)
            terminal.read(0.15)
            size = len(terminal.output)
        with Terminal([sys.executable, "-c", BARE], size=SIZE) as terminal:
            bare.append(terminal.until_shown("bare and ready") - terminal.started)
    return statistics.median(ours), statistics.median(bare), size


def settled(terminal: Terminal) -> None:
    """Wait until the whole journal is read and nothing more is written."""
    terminal.until_shown("discarded", seconds=120)
    terminal.read(2.5)


def latency(terminal: Terminal, act: Callable[[], None], rounds: int) -> float:
    """Median milliseconds from an act to the next byte written."""
    times = []
    for _ in range(rounds):
        terminal.read(0.4)
        mark = len(terminal.output)
        begun = time.perf_counter()
        act()
        terminal.until(lambda output, mark=mark: len(output) > mark)
        times.append((time.perf_counter() - begun) * 1_000)
    return statistics.median(times)


def keys(terminal: Terminal, *sequence: str) -> Callable[[], None]:
    """An act that presses the keys in turn, one each time."""
    turn = iter(sequence * 1_000)
    return lambda: terminal.send(next(turn))


def of_process(pid: int) -> tuple[float, float]:
    """Resident megabytes, and seconds of CPU used so far."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return resident / 1024, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def on_the_long_one(path: Path, rounds: int) -> dict[str, float]:
    """What depends on the journal's length."""
    figures = {}
    with ar_tui(path) as terminal:
        settled(terminal)
        figures["key to first byte, ms (p50)"] = latency(terminal, keys(terminal, "j", "k"), rounds)
        figures["open History, ms (p50)"] = latency(terminal, keys(terminal, "2", "1"), 2 * rounds)
        terminal.send("2")
        figures["jump to its end, ms (p50)"] = latency(terminal, keys(terminal, "G", "g"), 2 * rounds)
        terminal.send("6")
        figures["one replay step, ms (p50)"] = latency(terminal, keys(terminal, "<", ",", "<", "."), 2 * rounds)
        terminal.send("L1")
        terminal.read(0.5)
        figures["memory, MB"], before = of_process(terminal.pid)
        terminal.read(5.0)
        figures["idle CPU, % of a core"] = (of_process(terminal.pid)[1] - before) / 5.0 * 100
    return figures


def beside_a_loop(path: Path, rounds: int) -> dict[str, float]:
    """What a running loop causes: samples by the second, events, commits."""
    figures = {}
    clock = sessions.Clock(datetime.now(UTC) - timedelta(minutes=7))
    journal = sessions.write(path, in_flight=None, clock=clock)
    with ar_tui(path) as terminal:
        settled(terminal)
        figures["idle, nothing in flight, bytes/s"] = len(terminal.read(5.0)) / 5.0
        sessions.start_experiment(journal, 12)
        terminal.read(1.5)
        mark = len(terminal.output)
        for sample in sessions.samples(12, 1)[:8]:
            journal.add_samples([sample])
            journal.add_machine_samples(machine(sample.step))
            terminal.read(1.0)
        figures["idle, a run in flight, bytes/s"] = (len(terminal.output) - mark) / 8.0
        commits = iter(sessions.samples(12, 1)[8:])
        figures["commit to pixels, ms (p50)"] = latency(terminal, lambda: journal.add_samples([next(commits)]), rounds)
        terminal.read(1.0)
        mark = len(terminal.output)
        journal.append(experiment_stream(sessions.TAG, 12), [sessions.finished(12, 1, 1.47)])
        terminal.read(0.8)
        figures["one journal event, bytes"] = len(terminal.output) - mark
    journal.close()
    return figures


def machine(step: int) -> list[MachineSample]:
    """A second of a processor and a GPU, no two alike."""
    at, use = datetime.now(UTC).isoformat(timespec="milliseconds"), step % 97 / 97
    facts = {"sampled_at": at, "host": "box", "utilization": use, "memory": step * 2**20, "memory_total": 2**36}
    return [MachineSample(device="cpu", **facts), MachineSample(device="gpu:0", temperature=50 + 20 * use, **facts)]


def measure(count: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.db"
        sessions.write_long(
            path, count=count, clock=sessions.Clock(datetime.now(UTC) - timedelta(days=8), step=1.0)
        ).close()
        ours, bare, size = first_content(path, rounds)
        figures = {"first content, ratio to a bare Textual app": ours / bare, "first paint, bytes": size}
        figures |= on_the_long_one(path, rounds)
        figures |= beside_a_loop(Path(folder) / "night.db", rounds)
    return {name: round(figures[name], 2) for name in BUDGETS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="experiments in the long journal")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.count, options.rounds)
    broken = [name for name, budget in BUDGETS.items() if figures[name] > budget]
    if options.json:
        print(
            json.dumps(
                {"experiments": options.count, "figures": figures, "budgets": BUDGETS, "broken": broken}, indent=2
            )
        )
    else:
        for name, budget in BUDGETS.items():
            print(f"{name:<46} {figures[name]:>10,.2f}  of {budget:>8,}  {'BROKEN' if name in broken else ''}".rstrip())
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
