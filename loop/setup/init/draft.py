"""Where a first brief is drafted: keys become a brief, and the repository says whether that can be followed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from journal.console.locate import locate
from loop.brief import program as briefs
from loop.brief.profile import Profile
from loop.brief.program import Brief
from loop.brief.scope import Scope
from loop.brief.validation import checked
from loop.errors import BadInput
from loop.runs.inputs import source
from loop.setup import preflight
from loop.setup.init import suggest
from loop.setup.init.text import front_matter
from loop.setup.project import Project
from loop.workspace import Workspace

STAND_IN = {"goal": "-", "metric": "metric", "direction": "minimize", "scope": "**"}  # until the keys are known


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A repository and the brief to come; `said` names what gave a key, such as a flag: nobody has seen its line yet."""

    workspace: Workspace
    path: Path
    said: Mapping[str, str]

    def brief(self, keys: Mapping[str, object]) -> Brief:
        """The brief of these keys. Raises BadInput."""
        return briefs.parse(front_matter(suggest.in_order(keys)), path=self.path, said=self.said)

    def setting(self, brief: Brief) -> Project:
        """The brief in its repository. Raises BadInput where it cannot be followed there."""
        journal = locate(None, start=self.workspace.root)
        setting = Project(workspace=self.workspace, brief=brief, profile=Profile(), defaults={}, journal=journal)
        preflight.check(setting)
        return setting

    def check(self, known: Mapping[str, object], *, flags: Mapping[str, object]) -> None:
        """Raise BadInput for what is known and cannot be used, before anything is asked or tried."""
        self.brief({**STAND_IN, **known})
        for name in _listed(flags.get("inputs")):
            if not source(self.workspace.root, name).exists():
                raise BadInput(f"--input {name} does not exist.")
        for key in ("train", "scope"):
            if key in flags:
                self.fits(key, flags[key])

    def fits(self, key: str, answer: object) -> None:
        """Raise BadInput where an answer can be no value of a key, in a brief or in this repository."""
        value = checked(key, answer, where=self.said.get(key, "your answer"))
        tree = self.workspace.tree(self.workspace.head())
        if key == "scope":
            Scope(patterns=tuple(_listed(value)), tree=tree).files()
        if key == "train":
            whole = suggest.whole(str(answer), self.workspace.root, tree)
            self.setting(self.brief({**STAND_IN, "train": whole}))


def _listed(value: object) -> list[str]:
    return value if isinstance(value, list) else []


def flags(keys: Iterable[str]) -> dict[str, str]:
    """The flag of `ar-loop init` that says each key."""
    return {key: "--input" if key == "inputs" else f"--{key}" for key in keys}
