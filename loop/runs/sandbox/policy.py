"""How runs are held on this machine, and whether they may start: code that a model wrote needs a sandbox."""

from journal.events import Isolation
from loop.brief.config import Config
from loop.errors import RunRefused
from loop.runs.sandbox import bubblewrap


def admit(config: Config, *, by_model: bool) -> None:
    """Raises RunRefused where this brief's runs may not start on this machine."""
    if config.sandbox == "none" or bubblewrap.available():
        return
    if config.sandbox == "required":
        raise RunRefused(f"The brief says `sandbox: required`, but {bubblewrap.why_not()}.")
    if by_model:
        raise RunRefused(
            f"Code that a model wrote does not run without a sandbox, and {bubblewrap.why_not()}. "
            "Mend that, or say `sandbox: none` in the brief and let it run with your rights."
        )


def isolation_of(config: Config) -> Isolation:
    if config.sandbox == "none":
        return "none"
    return "sandboxed" if bubblewrap.available() else "limited"
