"""A toy project to run the loop on, apart from the person at this machine: no settings of their git, no journal, no keys."""

import os

import hypothesis_settings  # noqa: F401  # Hypothesis without a stopwatch
import pytest
from toys import Project

for name in [name for name in os.environ if name.startswith(("GIT_", "AR_", "ANTHROPIC_"))]:
    del os.environ[name]
os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "toy")
