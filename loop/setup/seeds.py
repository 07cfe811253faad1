"""A training that fixes its own seed: its runs are identical, so their σ is 0 and says nothing about the noise."""

import re

from loop.brief.config import Config
from loop.brief.metric.source import metric_source
from loop.errors import WorkspaceError
from loop.gate.module_path import entry
from loop.setup.project import Project

_SETS_SEED = re.compile(
    r"\b(manual_seed(_all)?|set_seed|seed_everything|set_random_seed|random\.seed|default_rng)\s*\("
)
_FIXED = re.compile(
    r"(?i)\bseed\w*\s*[:=]\s*\d+|\b\w*seed\w*\(\s*\d+\s*\)|default_rng\(\s*\d+\s*\)|random_state\s*=\s*\d+"
)


def fixed_seed(project: Project) -> str | None:
    """A sentence if the training script sets a seed of its own and does not read the loop's; None otherwise."""
    workspace, config = project.workspace, project.brief.config
    if metric_source(config).kind == "process":
        return None
    tree = workspace.tree(workspace.head())
    try:
        texts = workspace.read(workspace.head(), entry(config.train, tree).files)
    except WorkspaceError:
        return None
    names = {config.seed_env, "AR_SEED"}
    for path, text in texts.items():
        if _FIXED.search(text) and _SETS_SEED.search(text) and not any(name in text for name in names):
            return f"{path} fixes its own seed, so all runs may be identical and σ 0: {cure(config)}"
    return None


def identical_runs(config: Config) -> str:
    """What identical runs mean, and what to do, as a clause."""
    return (
        f"all runs of the unchanged code gave the same {config.metric}, so σ is 0, and any gain in its last digit counts: "
        f"{cure(config)}"
    )


def cure(config: Config) -> str:
    """How to measure the noise, as a clause."""
    return (
        f'let the training read its seed (`int(os.environ["{config.seed_env}"])`), '
        "or write the smallest gain that you believe into the brief (`noise_floor: 0.002`)"
    )
