"""The modules that a command of the brief imports, and whether its Python has them."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from loop.errors import WorkspaceError
from loop.gate.imports import all_imports, changes_search_path
from loop.gate.module_path import Entry, entry, module_files, module_name
from loop.runs.process.environment import interpreter
from loop.runs.process.python_modules import importable_modules
from loop.setup.project import Project


@dataclass(frozen=True)
class Problem:
    """What a command lacks, as a sentence without its full stop; `is_certain` if it will fail without it."""

    message: str
    is_certain: bool


def module_problem(project: Project, line: str) -> Problem | None:
    """The first module that a Python script of the brief imports as it starts, and that its Python does not have."""
    workspace = project.workspace
    tree = workspace.tree(workspace.head())
    start = entry(line, tree)
    if not start.is_python or not start.files or "PYTHONPATH" in line:
        return None
    names, is_certain = _external_imports(project, start)
    inputs = {PurePosixPath(name).parts[-1].removesuffix(".py") for name in project.brief.config.inputs}
    found = importable_modules(line, frozenset(names)) if names else frozenset()
    missing = sorted(names - found - inputs) if found is not None else []
    if not missing:
        return None
    python = interpreter(line)
    message = f"`{line}` imports {missing[0]}, which {python} does not have: install it there, or name another Python"
    return Problem(message, is_certain=is_certain)


def _external_imports(project: Project, start: Entry) -> tuple[set[str], bool]:
    """The top-level modules out of the repository that a script certainly imports; whether nothing edits its search path."""
    workspace = project.workspace
    tree = workspace.tree(workspace.head())
    waiting, seen, names, is_certain = [*start.files], set(start.files), set[str](), True
    while waiting:
        path = waiting.pop()
        try:
            text = workspace.read(workspace.head(), [path])[path]
        except WorkspaceError:
            continue
        is_certain = is_certain and not changes_search_path(text)
        package = (module_name(path, start.roots[0]) if start.roots else None) or ""
        package = package if path.endswith("__init__.py") else package.rpartition(".")[0]
        for name in [found.name for found in all_imports(path, text, package) if found.is_certain and found.name]:
            files = module_files(name, start.roots, tree)
            top = name.split(".")[0]
            is_own = files or any(_is_below(other, root, top) for root in start.roots for other in tree)
            names |= set() if is_own else {top}
            waiting += [file for file in files if file not in seen]
            seen |= set(files)
    return names, is_certain


def _is_below(path: str, root: str, top: str) -> bool:
    """Whether a file is in the folder `top` of a root."""
    return path.startswith(f"{root}/{top}/" if root else f"{top}/")
