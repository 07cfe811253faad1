"""The draft of a brief: it turns keys into a brief, and checks the brief against the repository."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from journal.console.locate import locate
from loop.brief import program as briefs
from loop.brief.profile import Profile
from loop.brief.program import Brief
from loop.brief.scope import Scope
from loop.brief.validation import clean_value
from loop.errors import BadInput
from loop.runs.inputs import source_path
from loop.setup import preflight
from loop.setup.init import suggest
from loop.setup.init.text import front_matter
from loop.setup.project import Project
from loop.workspace import Workspace

PLACEHOLDERS = {"goal": "-", "metric": "metric", "direction": "minimize", "scope": "**"}  # for keys without a value yet


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A brief to be written to `path`; `origins` names where each key is from, such as a flag, for error messages."""

    workspace: Workspace
    path: Path
    origins: Mapping[str, str]

    def brief(self, keys: Mapping[str, object]) -> Brief:
        """The brief of these keys. Raises BadInput."""
        return briefs.parse(front_matter(suggest.in_order(keys)), path=self.path, places=self.origins)

    def project(self, brief: Brief) -> Project:
        """The brief in its repository. Raises BadInput if a session cannot run with it."""
        project = self._project(brief)
        preflight.check(project)
        return project

    def _project(self, brief: Brief) -> Project:
        journal = locate(None, start=self.workspace.root)
        return Project(workspace=self.workspace, brief=brief, profile=Profile(), defaults={}, journal=journal)

    def check(self, keys: Mapping[str, object], *, flags: Mapping[str, object]) -> None:
        """Raises BadInput if a key that has a value cannot be used."""
        self.brief({**PLACEHOLDERS, **keys})
        for name in _listed(flags.get("inputs")):
            if not source_path(self.workspace.root, name).exists():
                raise BadInput(f"--input {name} does not exist.")
        for key in ("train", "scope"):
            if key in flags:
                self.check_value(key, flags[key])

    def check_value(self, key: str, answer: object) -> None:
        """Raises BadInput if an answer cannot be the value of a key in this repository."""
        value = clean_value(key, answer, where=self.origins.get(key, "your answer"))
        tree = self.workspace.tree(self.workspace.head())
        if key == "scope":
            patterns = value if isinstance(answer, list) or answer in tree else _words(str(answer))
            Scope(patterns=tuple(_listed(patterns)), tree=tree).files()
        if key == "train":
            line = suggest.with_full_path(str(answer), self.workspace.root, tree)
            preflight.check_commands(self._project(self.brief({**PLACEHOLDERS, "train": line})))


def _words(answer: str) -> list[str]:
    try:
        return shlex.split(answer)
    except ValueError as error:
        raise BadInput(f"`{answer}` is no list of files: a quotation mark does not close.") from error


def _listed(value: object) -> list[str]:
    return value if isinstance(value, list) else []


def flags(keys: Iterable[str]) -> dict[str, str]:
    """Key -> its flag of `ar-loop init`."""
    return {key: "--input" if key == "inputs" else f"--{key}" for key in keys}
