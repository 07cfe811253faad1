"""Which proposer a brief gets on this machine, and why, before anything heavy is imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loop.brief.config import Config
from loop.errors import BadInput, RunRefused

NO_KEY = "there is no key for Claude: set ANTHROPIC_API_KEY"


@dataclass(frozen=True)
class Choice:
    """`words` say why another proposer than the best one was taken; empty where there is nothing to say."""

    name: Literal["claude", "sampler", "command"]
    words: str = ""


def choose(config: Config, *, environment: Mapping[str, str], home: Path, unsafe: Callable[[], str | None]) -> Choice:
    """`unsafe` tells why no sandbox works here, or None. Raises BadInput for a missing key, RunRefused without a sandbox.

    Numbers that the sampler picks may run without a sandbox; code that a model wrote may not, unless the brief says so.
    """
    if config.proposer == "sampler":
        return Choice("sampler")
    keyed = has_key(environment, home=home)
    if config.proposer == "auto" and not keyed:
        return Choice("sampler", f"the built-in sampler proposes: {NO_KEY} to ask Claude")
    if config.proposer == "claude" and not keyed:
        raise BadInput(f"`proposer: claude` cannot work: {NO_KEY}, or say `proposer: sampler` in the brief.")
    why = unsafe() if config.sandbox != "none" else None
    if why is None:
        return Choice("command" if config.proposer == "command" else "claude")
    if config.proposer == "auto":
        return Choice("sampler", f"the built-in sampler proposes: code by Claude needs a sandbox, and {why}")
    raise RunRefused(
        f"`proposer: {config.proposer}` would run code that a model wrote, and {why}; "
        "or say `sandbox: none` in the brief to run it unprotected."
    )


def has_key(environment: Mapping[str, str], *, home: Path) -> bool:
    """Whether the anthropic SDK (2.11) will find credentials: variables first, then a profile of its own folder."""
    if any(environment.get(name) for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE")):
        return True
    federated = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")
    tokens = ("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE")
    if all(map(environment.get, federated)) and any(map(environment.get, tokens)):
        return True
    folder = Path(environment.get("ANTHROPIC_CONFIG_DIR") or home / ".config" / "anthropic")
    return (folder / "active_config").is_file() or (folder / "configs" / "default.json").is_file()
