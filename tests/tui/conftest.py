import asyncio
import inspect
import shutil
from pathlib import Path

import hypothesis_settings  # noqa: F401  # Hypothesis without a stopwatch
import pytest
import sessions
from painter import ScenePainter

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def shared_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline, eleven experiments, and the twelfth eleven seconds into its run; no loop runs. Tests must not write to it."""
    path = tmp_path_factory.mktemp("session") / "journal.db"
    sessions.write(path).close()
    return path


@pytest.fixture
def own_journal(shared_journal: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to."""
    return Path(shutil.copy(shared_journal, tmp_path / "journal.db"))


@pytest.fixture(scope="session")
def painter(shared_journal: Path) -> ScenePainter:
    return ScenePainter(shared_journal)


@pytest.fixture(scope="session")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> ScenePainter:
    """A session on three GPUs: three runs and a proposal in flight, verdicts out of order."""
    path = tmp_path_factory.mktemp("parallel") / "journal.db"
    sessions.write_parallel(path).close()
    return ScenePainter(path)


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compares a text with the file of that name; `--regenerate` writes the file."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / f"{name}.txt"
        if request.config.getoption("--regenerate"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text + "\n", encoding="utf-8")
        assert text + "\n" == file.read_text(encoding="utf-8")

    return compare


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the golden files of tests/tui again")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run each coroutine test in its own event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
