"""How many public repositories `ar-loop init` understands, and a session runs on: the list is in benchmarks/foreign.md.

    python benchmarks/foreign.py                     clones each repository from GitHub at its commit
    python benchmarks/foreign.py --mirror FOLDER     takes them from FOLDER/OWNER+NAME (a git directory, or a folder with one)
    python benchmarks/foreign.py --only genann       those whose name holds this text; also --init: without experiments

For each one: `ar-loop init --goal "…"` without any other key has to choose the metric, its direction and the command of
the list; then `ar-loop run --experiments 2` has to give a baseline and two verdicts. A proposer is needed for that,
and is a choice of the person: here a program that changes one number of the code, named by two lines in the brief.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

LIST = Path(__file__).with_suffix(".md")
EXPERIMENTS = 2
SECONDS = 1_500  # of one command of ar-loop
_ROW = re.compile(r"^\| \[(?P<name>[\w.-]+/[\w.-]+)\]\(.*/tree/(?P<commit>[0-9a-f]{40})\) \|(?P<rest>.*)\|$")
_LITERAL = re.compile(r"(?<![\w.\"'#])(?:[2-9]|[1-9]\d+|\d+\.\d+|1e-?\d+)(?![\w.\"'])")
_COMMENT = re.compile(r"^\s*(?:#(?!define)|//|/?\*|import|from|#include)|^\s*\"\"\"")


@dataclass(frozen=True)
class Repository:
    name: str
    commit: str
    goal: str
    command: str
    metric: str
    direction: str


def repositories() -> list[Repository]:
    """The rows of the list."""
    rows = [match for line in LIST.read_text(encoding="utf-8").splitlines() if (match := _ROW.match(line))]
    cells = [[cell.strip().strip("`") for cell in row["rest"].split("|")] for row in rows]
    return [Repository(row["name"], row["commit"], *cell[:4]) for row, cell in zip(rows, cells, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror", type=Path, help="a folder with git directories, in place of GitHub")
    parser.add_argument("--only", default="", help="repositories whose name holds this text")
    parser.add_argument("--init", action="store_true", help="without experiments")
    parser.add_argument(
        "--workers", type=int, default=1, help="repositories at once; more than one makes timings noisy"
    )
    parser.add_argument("--agent", nargs="+", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.agent:
        change_one_number(options.agent)
        return
    chosen = [repository for repository in repositories() if options.only in repository.name]
    with ThreadPoolExecutor(options.workers) as pool:
        steps = list(pool.map(partial(report, options=options), chosen))
    understood, ran = sum(step > 0 for step in steps), sum(step > 1 for step in steps)
    print(f"understood {understood} of {len(chosen)}" + ("" if options.init else f"; ran {ran} of {len(chosen)}"))


def report(repository: Repository, *, options: argparse.Namespace) -> int:
    """Attempt one repository in a folder of its own and print what came of it; returns the number of steps that worked."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ar-foreign-", ignore_cleanup_errors=True) as folder:
        try:
            problem, step = attempt(repository, Path(folder) / "work", options=options)
        except subprocess.SubprocessError as error:
            problem, step = str(error), 0
    seconds = time.monotonic() - start
    print(f"{'ok  ' if not problem else 'FAIL'} {seconds:4.0f} s  {repository.name}  {problem}", flush=True)
    return step


def attempt(repository: Repository, folder: Path, *, options: argparse.Namespace) -> tuple[str, int]:
    """(problem, number of steps that worked); no problem if all did."""
    clone(repository, folder, mirror=options.mirror)
    call = ar_loop(folder, "init", "--goal", repository.goal, "--json")
    if call.returncode:
        return f"init: {last_line(call.stderr)}", 0
    keys = json.loads(call.stdout)["keys"]
    wanted = (repository.command, repository.metric, repository.direction)
    found = (keys["train"], keys["metric"], keys["direction"])
    if found != wanted:
        return f"init chose {found}, not {wanted}", 0
    if options.init:
        return "", 1
    name_agent(folder / "program.md", scope=keys["scope"])
    call = ar_loop(folder, "run", "--experiments", str(EXPERIMENTS), "--json")
    if call.returncode:
        return f"run: {last_line(call.stderr)}", 1
    verdicts = sum(json.loads(call.stdout)[status] for status in ("kept", "discarded", "crashed"))
    return ("", 2) if verdicts == EXPERIMENTS else (f"{verdicts} verdicts of {EXPERIMENTS}", 1)


def clone(repository: Repository, folder: Path, *, mirror: Path | None) -> None:
    source = f"https://github.com/{repository.name}.git"
    if mirror:
        place = mirror / repository.name.replace("/", "+")
        source = str(next(path for path in (place / "repo", place) if path.is_dir()))
    git("clone", "--quiet", "--no-checkout", source, str(folder))
    git("-C", str(folder), "checkout", "--quiet", "--detach", repository.commit)


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def ar_loop(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of ar-loop in a repository, with the Python that this script has."""
    programs = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "VIRTUAL_ENV": str(Path(programs).parent)}
    command = [sys.executable, "-m", "loop.cli", *arguments]
    return subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
    )


def name_agent(brief: Path, *, scope: list[str] | str) -> None:
    """Write the proposer into the brief."""
    files = " ".join([scope] if isinstance(scope, str) else scope)
    lines = f"proposer: command\ncommand: {sys.executable} {Path(__file__).resolve()} --agent {files}\n"
    brief.write_text(brief.read_text(encoding="utf-8").replace("\n---\n", f"\n{lines}---\n", 1), encoding="utf-8")


def change_one_number(paths: list[str]) -> None:
    """The agent: multiply or halve one number of one file, in any language."""
    places = [
        (Path(path), number, match.span())
        for path in paths
        for number, line in enumerate(Path(path).read_text(encoding="utf-8").split("\n"))
        if not _COMMENT.match(line)
        for match in _LITERAL.finditer(line)
    ]
    path, number, (start, end) = random.choice(places)
    lines = path.read_text(encoding="utf-8").split("\n")
    line = lines[number]
    value = float(line[start:end]) * random.choice((0.5, 2.0))
    text = str(round(value)) if line[start:end].isdigit() else f"{value:g}"
    lines[number] = line[:start] + text + line[end:]
    path.write_text("\n".join(lines), encoding="utf-8")


def last_line(text: str) -> str:
    return ([line for line in text.splitlines() if line.strip()] or ["no output"])[-1]


if __name__ == "__main__":
    main()
