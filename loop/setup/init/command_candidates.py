"""The commands of a repository that may print its metric, the likeliest first: programs, README, Makefile, packages. Pure."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from journal import metric_names
from loop.brief.defaults import TRAIN_SCRIPTS
from loop.brief.metric import names
from loop.gate.imports import imports

LIMIT = 4  # commands that are tried
MAX_BYTES = 200_000  # of a file that is read
_NOT_PROGRAMS = re.compile(r"setup\.py|conftest\.py|test_.*|.*_test\.py|__\w+__\.py")
_MEASURES = re.compile(r"(?:^|[^a-z])(?:bench\w*|perf|speed|timing|benchmarks?)(?:[^a-z]|$)")
_TRAINS = re.compile(r"(?:^|[^a-z])(?:train|main|run|fit|experiment)(?:[^a-z]|$)")
_TESTS = re.compile(
    r"(?:^|[^a-z])(?:unit|tests?|check|lint|docs?|oom|smoke|fuzz\w*|stress\w*|cov|plot\w*|generate\w*|predict)(?:[^a-z]|$)"
)
_NO_EXPERIMENT = re.compile(
    r"\b(?:install|uninstall|clean|clone|wget|curl|pip3?|sudo|publish|deploy|format|lint|docs?|download|venv|ci)\b"
)
_UNFINISHED = re.compile(r"[<>\[\]{}…|`*$]|\.\.\.")  # a placeholder, or more than one simple command
_PROMPT = re.compile(r"^\s*(?:\$|%|>)\s+")
_INLINE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_STARTERS = (
    "python", "python3", "node", "make", "cargo", "go", "npm", "bash", "sh", "julia", "Rscript", "perl", "ruby",
)  # fmt: skip
_TARGET = re.compile(r"^([A-Za-z][\w.-]*)[ \t]*:(?!=)([^\n]*)\n((?:\t[^\n]*\n?)*)", re.MULTILINE)
_GUARD = re.compile(r"""^if\s+__name__\s*==\s*["']__main__["']""", re.MULTILINE)

Texts = Mapping[str, str]  # path -> text of the files that are read


@dataclass(frozen=True, kw_only=True)
class CommandCandidate:
    """A command line, and how much speaks for it."""

    line: str
    points: float


def is_read(path: str) -> bool:
    """Whether a file is one of those that tell which commands there are."""
    name = PurePosixPath(path).name.lower()
    is_top = "/" not in path
    return (is_top and (name.startswith("readme") or name in _MANIFESTS)) or name.endswith((".py", ".js", ".mjs"))


def commands(texts: Texts, *, python: str, goal: str) -> list[str]:
    """The command lines, the likeliest first."""
    found: dict[str, float] = {}
    for command in _candidates(texts, python):
        found[command.line] = max(command.points, found.get(command.line, -99.0)) + (command.line in found)
    scored = {line: points + _about(line, goal) for line, points in found.items()}
    return sorted((line for line in scored if scored[line] > 0), key=lambda line: -scored[line])[:LIMIT]


def is_program(path: str, texts: Texts) -> bool:
    """Whether a Python file at the root is a program: no other file there imports it."""
    return path in _programs(texts)


def _candidates(texts: Texts, python: str) -> Iterator[CommandCandidate]:
    yield from _of_python(texts, python)
    yield from _of_scripts(texts)
    manifests = {path.lower(): text for path, text in texts.items() if "/" not in path}
    for name, parse in _MANIFESTS.items():
        if name in manifests:
            yield from parse(manifests[name], texts)
    for path, text in texts.items():
        if "/" not in path and path.lower().startswith("readme"):
            yield from _of_readme(text, texts, python)


def _about(line: str, goal: str) -> float:
    """The points of a line for what its words say, in the light of the goal."""
    first, _, rest = line.lower().partition(" ")
    text = rest if "python" in PurePosixPath(first).name else line.lower()
    wanted = set(metric_names.words(goal)) - {"the", "a", "of", "on", "and", "in", "py", "python", "run", "make"}
    points = 4.0 * len(wanted & set(metric_names.words(text)))
    is_about_speed = names.is_about_speed(goal)
    points += (3.0 if is_about_speed else 0.5) * bool(_MEASURES.search(text))
    points += (0.0 if is_about_speed else 2.0) * bool(_TRAINS.search(text))
    return points - 4.0 * bool(_TESTS.search(text)) - 99.0 * bool(_NO_EXPERIMENT.search(text))


def _of_python(texts: Texts, python: str) -> Iterator[CommandCandidate]:
    """The programs: at the root those that no other file there imports, elsewhere those with a main guard."""
    programs = _programs(texts)
    packages = {PurePosixPath(path).parent for path in texts if path.endswith("/__init__.py")}
    below = [path for path in _python_files(texts) if "/" in path and PurePosixPath(path).parent not in packages]
    unlikely = [path for path in below if not _GUARD.search(texts[path])]
    for path in (*programs, *below):
        yield CommandCandidate(
            line=shlex.join([python, path]), points=_program_points(path, programs) - 2.5 * (path in unlikely)
        )


def _program_points(path: str, programs: list[str]) -> float:
    if path in TRAIN_SCRIPTS:
        return 4.0 - TRAIN_SCRIPTS.index(path) / 10
    return 2.0 if programs == [path] else 1.0 if path in programs else 0.5


def _python_files(texts: Texts) -> list[str]:
    return [path for path in texts if path.endswith(".py") and not _NOT_PROGRAMS.match(PurePosixPath(path).name)]


def _programs(texts: Texts) -> list[str]:
    top = [path for path in _python_files(texts) if "/" not in path]
    imported = {name for path in top for name in imports(path, texts[path])}
    return [path for path in top if path.removesuffix(".py") not in imported]


def _of_scripts(texts: Texts) -> Iterator[CommandCandidate]:
    """The JavaScript files that measure."""
    for path in texts:
        if path.endswith((".js", ".mjs")) and _MEASURES.search(PurePosixPath(path).name):
            yield CommandCandidate(line=shlex.join(["node", path]), points=1.0)


def _of_makefile(text: str, texts: Texts) -> Iterator[CommandCandidate]:
    """The targets. One that only builds a program of its name is followed by that program."""
    del texts
    for target, _, recipe in _TARGET.findall(text):
        if target in ("all", "default") or "." in target:
            continue
        is_program = re.search(rf"-o\s+(?:\$@|\./)?{re.escape(target)}\b|-o\s+\$@", recipe) or not recipe.strip()
        runs = f"./{target}" in recipe or "./$@" in recipe or "./$^" in recipe
        if not is_program or runs:
            yield CommandCandidate(line=f"make {target}", points=1.0 if recipe.strip() else 0.2)
        else:
            yield CommandCandidate(line=f"make {target} && ./{target}", points=1.0 if recipe.strip() else 0.6)


def _of_package(text: str, texts: Texts) -> Iterator[CommandCandidate]:
    """The scripts of package.json; those that only start node need no npm."""
    del texts
    try:
        scripts = json.loads(text).get("scripts", {})
    except (ValueError, AttributeError):
        return
    for name, line in scripts.items() if isinstance(scripts, dict) else ():
        is_plain = isinstance(line, str) and line.startswith("node ") and not _UNFINISHED.search(line)
        yield CommandCandidate(line=line if is_plain else f"npm run {name}", points=1.0)


def _of_cargo(text: str, texts: Texts) -> Iterator[CommandCandidate]:
    del texts
    has_benches = "[[bench]]" in text
    yield CommandCandidate(line="cargo bench", points=2.0 if has_benches else -1.0)
    yield CommandCandidate(line="cargo run --release", points=2.0 if "[lib]" not in text else 0.5)


def _of_go(text: str, texts: Texts) -> Iterator[CommandCandidate]:
    del text, texts
    yield CommandCandidate(line="go test -bench=. -run=^$ ./...", points=1.0)
    yield CommandCandidate(line="go run .", points=1.0)


def _of_readme(text: str, texts: Texts, python: str) -> Iterator[CommandCandidate]:
    """The lines of code that start a program; a program that `make` builds follows it."""
    has_makefile = any(path.lower() == "makefile" for path in texts)
    for written in _code_lines(text):
        line = _PROMPT.sub("", written).strip()
        words = line.split()
        if not words or _UNFINISHED.search(line.replace("&&", "")):
            continue
        if words[0] in _STARTERS and len(words) > 1:
            is_python = words[0] in ("python", "python3")
            yield CommandCandidate(line=line.replace(words[0], python, 1) if is_python else line, points=1.5)
        elif words[0].startswith("./") and has_makefile:
            yield CommandCandidate(line=f"make && {line}", points=1.5)


def _code_lines(text: str) -> Iterator[str]:
    """The lines of code blocks, and code within a line."""
    is_fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith(("    ", "\t")) or _PROMPT.match(line):
            yield from re.split(r"\s*;\s*", line)
        else:
            yield from _INLINE.findall(line)


_MANIFESTS = {"makefile": _of_makefile, "package.json": _of_package, "cargo.toml": _of_cargo, "go.mod": _of_go}
