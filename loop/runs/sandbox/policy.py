"""How runs are isolated on this machine, and when they may not start: code that a model wrote needs a sandbox."""

from journal.events import Isolation
from loop.brief.config import Config
from loop.errors import RunRefused
from loop.runs.sandbox import bubblewrap


def require_sandbox(config: Config, *, by_model: bool) -> None:
    """Raises RunRefused if a run of this brief may not start without a sandbox, and none works."""
    if config.sandbox == "none" or bubblewrap.is_available():
        return
    reason = bubblewrap.unavailable_reason()
    if config.sandbox == "required":
        raise RunRefused(f"The brief says `sandbox: required`, but {reason}.")
    if by_model:
        raise RunRefused(
            f"A model wrote this code, which needs a sandbox, but {reason}. "
            "Repair that, or write `sandbox: none` into the brief to run the code with your rights."
        )


def isolation_of(config: Config) -> Isolation:
    if config.sandbox == "none":
        return "none"
    return "sandboxed" if bubblewrap.is_available() else "limited"
