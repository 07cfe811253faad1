import asyncio
import inspect
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import house  # noqa: F401  # Hypothesis without a stopwatch
import nights
import pytest
from hypothesis import settings
from theatre import Theatre

settings.register_profile("patient", deadline=None)  # a busy machine is not a failure
settings.load_profile("patient")

GOLDEN = Path(__file__).parent / "golden"
NOW = nights.START + timedelta(minutes=7)
MONDAY = datetime(2026, 11, 23, 7, 40, tzinfo=UTC)


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night at rest: baseline, eleven experiments, the twelfth eleven seconds into its run. Not to be written to."""
    path = tmp_path_factory.mktemp("night") / "journal.db"
    nights.write(path).close()
    return path


@pytest.fixture
def own_night(night: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to."""
    return Path(shutil.copy(night, tmp_path / "journal.db"))


@pytest.fixture(scope="session")
def theatre(night: Path) -> Theatre:
    return Theatre(night)


@pytest.fixture(scope="session")
def abreast(tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    """A night on three GPUs: three runs and a proposal in flight, verdicts out of order."""
    path = tmp_path_factory.mktemp("abreast") / "journal.db"
    nights.write_abreast(path).close()
    return Theatre(path)


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compares a text with the file of that name; `--regenerate` writes it."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / f"{name}.txt"
        if request.config.getoption("--regenerate"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text + "\n", encoding="utf-8")
        assert text + "\n" == file.read_text(encoding="utf-8")

    return compare


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the golden files of tests/tui anew")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that are coroutines, each in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
