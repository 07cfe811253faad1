"""What no change may edit or create because the evaluator, or `prepare`, executes it. Pure.

The imports are followed through the files of the commit. A new file is refused if the evaluator could import it in the place
of a module of the standard library, of an installed package or of the repository. Shell scripts and makefiles are followed
line by line. What an evaluator reads as data, starts as a process or imports under a computed name is not seen.
"""

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice

from loop.brief.scope import Scope
from loop.gate.imports import all_imports, search_path_texts
from loop.gate.module_path import Entry, entry, join, module_files, module_name

HOOKS = frozenset({"sitecustomize", "usercustomize", "conftest"})  # modules that Python or pytest imports by itself
MAX_LINES = 2_000  # of a script, that are followed
REMEDY = "load the model in a process of its own (docs/evaluators.md)"
Read = Callable[[str], str]  # path -> text; raises KeyError for a file that is not text


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """What one command executes: `files` of the repository, and the dotted `names` of every module that they import."""

    command: str
    entry: Entry
    files: frozenset[str]
    names: frozenset[str]

    def refusal(self, path: str, tree: Collection[str], installed: Callable[[], Collection[str]]) -> str | None:
        """Why a change may not write a path, as a clause; None if it may. `installed` names top-level modules."""
        if path in self.files:
            return f"{path} is code of `{self.command}`"
        if path in tree:
            return None
        if _is_named(path, self.entry.hooks) or "__pycache__" in path.split("/"):
            return f"`{self.command}` would read {path} by itself"
        found = ((root, name) for root in self.entry.roots if (name := module_name(path, root)) is not None)
        if any(self._is_imported(name, path) or self._hides(name, root, tree, installed) for root, name in found):
            return f"`{self.command}` would import {path} in the place of another module"
        is_hook = path.endswith(".pth") and path.rpartition("/")[0] in self.entry.roots
        return f"Python runs {path} at its start" if is_hook else None

    def _is_imported(self, name: str, path: str) -> bool:
        """Whether the command imports a module of this name, or one below this package."""
        is_package = path.rpartition("/")[2].startswith("__init__.")
        return name in self.names or (is_package and any(one.startswith(f"{name}.") for one in self.names))

    def _hides(self, name: str, root: str, tree: Collection[str], installed: Callable[[], Collection[str]]) -> bool:
        """Whether a new top-level module has a name that Python, an installed package or the command's imports use."""
        top = name.split(".", maxsplit=1)[0]
        folder = f"{root}/{top}/" if root else f"{top}/"
        if top in HOOKS or not any(
            path.startswith(folder) for path in tree
        ):  # else the repository has this name already
            return top in HOOKS or top in {one.split(".")[0] for one in self.names} or top in installed()
        return False


def evaluators(
    lines: Iterable[str], tree: Collection[str], read: Read, *, folders: Collection[str] = ()
) -> list[Evaluator]:
    """What each command executes, followed through the files of the tree; `folders` are on the search path besides."""
    return [_follow(line, tree, read, folders=folders) for line in lines]


def scope_refusal(found: Iterable[Evaluator], scope: Scope) -> str | None:
    """A sentence about a scope that includes code of the evaluator; None if it includes none."""
    for evaluator in found:
        own = sorted({*evaluator.files, *_package_files(evaluator), *_hooks(evaluator, scope)})
        path = next((path for path in own if scope.refusal(path) is None), None)
        if path is not None:
            verb = "includes" if path in scope.tree else "lets a change create"
            return (
                f"The scope {verb} {path}, which `{evaluator.command}` executes, so a change could fake the metric: take it "
                f"out of `scope`, or name it under `locked`; if the evaluator needs the edited code, {REMEDY}."
            )
    return None


def _package_files(evaluator: Evaluator) -> Iterator[str]:
    """`__init__.py` of each package with code of the command, also where there is none yet."""
    for path in evaluator.files:
        for root in evaluator.entry.roots:
            parts = (module_name(path, root) or "").split(".")[:-1]
            yield from (
                "/".join([*filter(None, [root]), *parts[: count + 1], "__init__.py"]) for count in range(len(parts))
            )


def _hooks(evaluator: Evaluator, scope: Scope) -> Iterator[str]:
    """Committed files that Python or pytest imports by itself."""
    uses_pytest = evaluator.entry.module == "pytest" or "pytest" in evaluator.names
    yield from (path for path in scope.tree if _is_named(path, evaluator.entry.hooks))
    for path in scope.tree:
        folder, _, name = path.rpartition("/")
        stem = name.partition(".")[0]
        is_hook = name.endswith(".pth") or (name.endswith(".py") and stem in HOOKS)
        if is_hook and (folder in evaluator.entry.roots or (stem == "conftest" and uses_pytest)):
            yield path


def _follow(line: str, tree: Collection[str], read: Read, *, folders: Collection[str]) -> Evaluator:
    start = _through_scripts(entry(line, tree), tree, read)
    if start.is_python:
        start = replace(start, roots=tuple(dict.fromkeys((*start.roots, *folders))))
    names = {start.module} if start.module else set()
    texts = [(f"{number}.py", code) for number, code in enumerate(start.code)]
    files = set(start.files)
    texts += [(path, _text(path, read)) for path in start.files]
    while texts and start.is_python:
        path, text = texts.pop()
        start = replace(start, roots=tuple(dict.fromkeys((*start.roots, *_added_roots(text, tree)))))
        for root in start.roots or ("",):
            imported = {found.name for found in all_imports(path, text, _package(path, root))}
            names |= imported
            new = {file for name in imported for file in module_files(name, start.roots, tree)} - files
            files |= new
            texts += [(file, _text(file, read)) for file in sorted(new)]
    return Evaluator(command=line, entry=start, files=frozenset(files), names=frozenset(names))


def _through_scripts(start: Entry, tree: Collection[str], read: Read) -> Entry:
    """What a command starts, also through the lines of shell scripts and makefiles."""
    seen: set[str] = set()
    while path := next((path for path in start.files if path not in seen and not path.endswith(".py")), None):
        seen.add(path)
        lines = (line.strip("\t @-") for line in _text(path, read).replace("\\\n", " ").splitlines())
        for line in islice(filter(None, lines), MAX_LINES):
            start = join(start, entry(line, tree))
    return start


def _added_roots(text: str, tree: Collection[str]) -> Iterator[str]:
    """Folders of the repository that a Python file puts on its search path."""
    for folder in search_path_texts(text):
        root = "" if (path := posixpath.normpath(folder)) == "." else path
        if not root or any(file.startswith(f"{root}/") for file in tree):
            yield root


def _text(path: str, read: Read) -> str:
    try:
        return read(path)
    except KeyError:
        return ""


def _is_named(path: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(path.rpartition("/")[2], name) for name in names)


def _package(path: str, root: str) -> str:
    """The dotted name of the package of a file."""
    name = module_name(path, root) or ""
    return name if path.endswith("__init__.py") else name.rpartition(".")[0]
