"""Journals in memory-backed folders where there are such: these tests are about order, not about disks."""

import tempfile
from pathlib import Path

import hypothesis_settings  # noqa: F401  # Hypothesis without a stopwatch
import pytest
from histories import MEMORY, write

from journal.store import Journal, Reader


@pytest.fixture
def folder(request):
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def path(folder):
    return folder / "journal.db"


@pytest.fixture
def journal(path):
    journal = Journal(path)
    journal.acquire()
    yield journal
    journal.close()


@pytest.fixture
def night_path(path):
    return write(path)


@pytest.fixture
def night(night_path):
    reader = Reader(night_path)
    yield reader
    reader.close()
