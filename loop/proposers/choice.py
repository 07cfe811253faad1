"""Which proposer a brief gets on this machine, and why. Imports nothing heavy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loop.brief.config import Config
from loop.errors import BadInput, RunRefused

NO_KEY = "there is no key for Claude: set ANTHROPIC_API_KEY"


@dataclass(frozen=True)
class ProposerChoice:
    """A proposer. `reason` says why `proposer: auto` is not Claude, else it is empty."""

    name: Literal["claude", "sampler", "command"]
    reason: str = ""


def choose_proposer(
    config: Config, *, environment: Mapping[str, str], home: Path, sandbox_problem: Callable[[], str | None]
) -> ProposerChoice:
    """`sandbox_problem` returns why no sandbox works, or None. Raises BadInput without a key, RunRefused without a sandbox.

    A model's code needs a sandbox, unless the brief says `sandbox: none`; the sampler's numbers do not.
    """
    if config.proposer == "sampler":
        return ProposerChoice("sampler")
    has_credentials = has_key(environment, home=home)
    if config.proposer == "auto" and not has_credentials:
        return ProposerChoice("sampler", f"the built-in sampler proposes: {NO_KEY} to ask Claude")
    if config.proposer == "claude" and not has_credentials:
        raise BadInput(f"`proposer: claude` cannot work: {NO_KEY}, or write `proposer: sampler` in the brief.")
    problem = sandbox_problem() if config.sandbox != "none" else None
    if problem is None:
        return ProposerChoice("command" if config.proposer == "command" else "claude")
    if config.proposer == "auto":
        return ProposerChoice("sampler", f"the built-in sampler proposes: Claude's code needs a sandbox, and {problem}")
    raise RunRefused(
        f"`proposer: {config.proposer}` runs a model's code, which needs a sandbox, and {problem}; "
        "or write `sandbox: none` in the brief to run it unprotected."
    )


def unset_variables(config: Config, environment: Mapping[str, str]) -> str | None:
    """Which variables of `command_env` are not set, as a sentence; None if all are, or no command proposes."""
    missing = [name for name in config.command_env if not environment.get(name)]
    if config.proposer != "command" or not missing:
        return None
    names, verb = ", ".join(missing), "is" if len(missing) == 1 else "are"
    return f"`command_env` names {names}, which {verb} not set: set it in the shell that starts the loop, or remove it"


def has_key(environment: Mapping[str, str], *, home: Path) -> bool:
    """Whether the anthropic SDK (2.11) will find credentials: in variables, else in a profile of its own folder."""
    if any(environment.get(name) for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE")):
        return True
    federated = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")
    tokens = ("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE")
    if all(map(environment.get, federated)) and any(map(environment.get, tokens)):
        return True
    folder = Path(environment.get("ANTHROPIC_CONFIG_DIR") or home / ".config" / "anthropic")
    return (folder / "active_config").is_file() or (folder / "configs" / "default.json").is_file()
