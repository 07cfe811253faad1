"""How a command finds its modules: the file that Python starts, and the folders of the repository on its search path. Pure."""

import posixpath
import shlex
from collections.abc import Collection
from dataclasses import dataclass, replace

_WITH_VALUE = ("-W", "-X")
_OPERATORS = set("();<>|&\n")
SHELLS = ("sh", "bash", "dash", "zsh", "ksh")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in the order in which make looks for them
PYTEST_FILES = (
    "conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml", "test_*.py", "*_test.py",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a command starts: `files` of the repository, or a module of another place; `roots` are on its search path.

    A root is a folder relative to the repository's root, empty for the root itself. `is_python` is false for a command whose
    modules nobody can know. `code` is Python in the command line itself; `hooks` are names of files, or globs of names, that
    the program reads by itself wherever they are.
    """

    files: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    module: str | None = None
    is_python: bool = False
    code: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


def entry(line: str, tree: Collection[str]) -> Entry:
    """What a command line starts, each command of it; `tree` holds the paths of the commit.

    A program that starts another one (`env`, `timeout 60`, `uv run`, `sh -c`) is looked through.
    """
    found, folder = Entry(), ""
    for words in _commands(line):
        if words[0] == "cd":
            folder = posixpath.normpath(posixpath.join(folder, words[1])) if len(words) > 1 else ""
            continue
        found = join(found, _below(folder, words, tree))
    return found


def join(one: Entry, other: Entry) -> Entry:
    """What two commands start together."""
    return Entry(
        files=tuple(dict.fromkeys((*one.files, *other.files))),
        roots=tuple(dict.fromkeys((*one.roots, *other.roots))),
        module=one.module or other.module,
        is_python=one.is_python or other.is_python,
        code=(*one.code, *other.code),
        hooks=tuple(dict.fromkeys((*one.hooks, *other.hooks))),
    )


def _commands(line: str) -> list[list[str]]:
    """The words of each command of a shell line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="".join(_OPERATORS - {"\n"}))
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:
        words = line.split()
    commands: list[list[str]] = [[]]
    for word in words:
        if set(word) <= _OPERATORS:
            commands.append([])
        elif commands[-1] or "=" not in word.split("/")[0]:
            commands[-1].append(word)
    return [words for words in commands if words]


def _below(folder: str, words: list[str], tree: Collection[str]) -> Entry:
    """What one command starts that is given in a folder of the repository."""
    if folder in ("", "."):
        return _command(words, tree)
    found = _command(words, {path.removeprefix(f"{folder}/") for path in tree if path.startswith(f"{folder}/")})
    files = tuple(f"{folder}/{path}" for path in found.files)
    return replace(found, files=files, roots=tuple(f"{folder}/{root}".rstrip("/") for root in found.roots))


def _command(words: list[str], tree: Collection[str]) -> Entry:
    for index, word in enumerate(words):
        name, rest = posixpath.basename(word), words[index + 1 :]
        if name.startswith("python"):
            return _python(rest, tree)
        if name in ("pytest", "py.test"):
            return Entry(roots=("",), module="pytest", is_python=True, hooks=PYTEST_FILES)
        if name in SHELLS and "-c" in rest[:-1]:
            return entry(rest[rest.index("-c") + 1], tree)
        if name in ("make", "gmake"):
            return Entry(files=tuple(path for path in MAKEFILES if path in tree), hooks=MAKEFILES)
        if (path := posixpath.normpath(word)) in tree:
            return _python([word], tree) if path.endswith(".py") else Entry(files=(path,))
    return Entry()


def module_files(name: str, roots: Collection[str], tree: Collection[str]) -> list[str]:
    """The files that an import of a module executes: the module, and `__init__.py` of each package above it."""
    parts = name.split(".")
    found = []
    for root in roots:
        for count in range(1, len(parts) + 1):
            stem = posixpath.join(root, *parts[:count])
            found += [path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in tree][:1]
    return found


def module_name(path: str, root: str) -> str | None:
    """The dotted name under which a file can be imported from a root; None if it cannot."""
    inside = path.removeprefix(f"{root}/") if root else path
    if (root and inside == path) or not inside.endswith((".py", ".pyc", ".so", ".pyd")):
        return None
    *folders, file = inside.split("/")
    stem = file.split(".")[0]
    parts = [*folders, *([] if stem == "__init__" else [stem])]
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def _python(words: list[str], tree: Collection[str]) -> Entry:
    """What an interpreter starts with these arguments. `-I` and `-P` leave the script's folder off the search path."""
    is_isolated = False
    while words and words[0].startswith("-") and words[0] not in ("-", "-m", "-c"):
        flag, words = words[0], words[1:]
        is_isolated |= not flag.startswith("--") and bool({"I", "P"} & set(flag)) and flag not in _WITH_VALUE
        words = words[1:] if flag in _WITH_VALUE else words
    if not words or words[0] in ("-", "-c"):
        return Entry(roots=() if is_isolated else ("",), is_python=True, code=tuple(words[1:2]))
    if words[0] == "-m":
        return _module(words[1], tree, is_isolated=is_isolated) if len(words) > 1 else Entry(files=())
    script = posixpath.normpath(words[0])
    if f"{script}/__main__.py" in tree:
        return Entry(files=(f"{script}/__main__.py",), roots=(script,), is_python=True)
    root = "" if script.startswith("/") else posixpath.dirname(script)
    files = (script,) if script in tree else ()
    return Entry(files=files, roots=() if is_isolated or script.startswith(("/", "..")) else (root,), is_python=True)


def _module(name: str, tree: Collection[str], *, is_isolated: bool) -> Entry:
    """What `-m NAME` starts. The working folder, which is the repository's root, is on the search path."""
    roots = () if is_isolated else ("",)
    files = module_files(name, roots, tree)
    main = f"{name.replace('.', '/')}/__main__.py"
    files += [main] if main in tree and roots else []
    hooks = PYTEST_FILES if name == "pytest" else ()
    return Entry(files=tuple(files), roots=roots, module=name, is_python=True, hooks=hooks)
