"""A toy project to run the loop on."""

import pytest
from toys import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "toy")
