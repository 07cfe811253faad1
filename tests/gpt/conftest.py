"""Prepared data and checkpoints that several tests read."""

import shutil
from pathlib import Path

import hypothesis_settings  # noqa: F401  # Hypothesis without a stopwatch
import pytest
from patient import TINY, prepare, small_tree


@pytest.fixture(scope="session")
def text(tmp_path_factory):
    """Forty modules of the standard library: real text, in a fraction of a second."""
    import json as package

    library = Path(package.__file__).parents[1]
    folder = tmp_path_factory.mktemp("text")
    sources = [path for path in sorted(library.glob("[a-h]*.py")) if path.stat().st_size < 20_000][:40]
    copies = [shutil.copy(path, folder / path.name) for path in sources]
    assert len(copies) > 20
    return folder


@pytest.fixture(scope="session")
def profiles(tmp_path_factory):
    path = tmp_path_factory.mktemp("profiles") / "profiles.toml"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory, text, profiles):
    out = tmp_path_factory.mktemp("prepared") / "data"
    result = prepare(out, text, profiles)
    assert result.returncode == 0, result.stderr
    return out


@pytest.fixture
def tree(tmp_path, data_folder):
    return small_tree(tmp_path, data_folder)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, data_folder):
    """A tree and the checkpoint that six steps left; tests may read it, not change it."""
    tree = small_tree(tmp_path_factory.mktemp("trained"), data_folder)
    result = tree.run("train", AR_STEPS=6)
    assert result.returncode == 0, result.stderr
    return tree
