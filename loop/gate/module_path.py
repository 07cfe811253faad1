"""How a command finds its modules: the file that Python starts, and the folders of the repository on its search path. Pure."""

import posixpath
import shlex
from collections.abc import Collection
from dataclasses import dataclass

_SHELL = set("|&;<>()$`\n*?[#~")
_WITH_VALUE = ("-W", "-X")
SHELLS = ("sh", "bash", "dash", "zsh", "ksh")
OTHERS = ("node", "ruby", "perl", "julia", "Rscript", "lua", "php", "deno", "bun")  # they start a file as a shell does


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a command starts: `files` of the repository, or a module of another place; `roots` are on its search path.

    A root is a folder relative to the repository's root, empty for the root itself. `is_python` is false for a command whose
    modules nobody can know: a shell line, a program.
    """

    files: tuple[str, ...]
    roots: tuple[str, ...] = ()
    module: str | None = None
    is_python: bool = False


def entry(line: str, tree: Collection[str]) -> Entry:
    """What a command line starts; `tree` holds the paths of the commit."""
    try:
        words = shlex.split(line)
    except ValueError:
        return Entry(files=())
    while words and "=" in words[0].split("/")[0]:
        words = words[1:]
    if not words:
        return Entry(files=())
    name = posixpath.basename(words[0])
    is_plain = not set(line) & _SHELL
    if name.startswith("python") and is_plain:
        return _python(words[1:], tree)
    if name in ("pytest", "py.test") and is_plain:
        return Entry(files=(), roots=("",), module="pytest", is_python=True)
    started = words[1:2] if name in (*SHELLS, *OTHERS) else words[:1]
    return Entry(files=tuple(path for word in started if (path := posixpath.normpath(word)) in tree))


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
        return Entry(files=(), roots=() if is_isolated else ("",), is_python=True)
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
    return Entry(files=tuple(files), roots=roots, module=name, is_python=True)
