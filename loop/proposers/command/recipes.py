"""Briefs for known coding agents: the command line, and the variables that may hold its credentials. Pure.

Each line was checked against the help of the version that docs/proposers.md names; the page shows the same lines.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loop.errors import BadInput

TASK = '"$(cat .proposal/task.md)"'
BUILT_IN = ("auto", "claude", "sampler")  # values of `proposer` that need no command
KEYS = ("proposer", "command", "command_env")  # of a brief, which a recipe sets


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`line` has {files} in the place of the files in scope; `credentials` are alternatives, the usual one first."""

    line: str
    credentials: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()  # further variables that the program needs


RECIPES: Mapping[str, Recipe] = {
    "claude-code": Recipe(
        line=f"claude -p {TASK} --permission-mode acceptEdits --output-format json",
        credentials=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
    ),
    "codex": Recipe(
        # Codex's own sandbox cannot start inside the loop's, and without it Codex writes no file
        line=f"codex exec --json --sandbox danger-full-access --skip-git-repo-check {TASK} < /dev/null",
        credentials=("CODEX_API_KEY",),
    ),
    "aider": Recipe(
        line=(
            "aider --message-file .proposal/task.md --yes-always --no-auto-commits --no-gitignore --no-check-update "
            "--analytics-disable {files}"
        ),
        credentials=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
    ),
    "opencode": Recipe(
        line=f"opencode run --format json --auto {TASK}",
        credentials=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
    ),
    "gemini": Recipe(
        line=f"gemini -p {TASK} --approval-mode auto_edit --skip-trust --output-format json",
        credentials=("GEMINI_API_KEY",),
    ),
    "llm": Recipe(
        line=(
            "cat .proposal/task.md .proposal/brief.md .proposal/memory.md {files} | llm --no-log --usage --extract "
            '--system "Answer with the whole new text of {files} in one fenced block, and nothing else." > .new '
            "&& mv .new {files}"
        ),
        credentials=("OPENAI_API_KEY",),
    ),
    "mini-swe-agent": Recipe(
        line=f"MSWEA_CONFIGURED=true mini --task {TASK} --yolo --exit-immediately --cost-limit 1",
        credentials=("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
        settings=("MSWEA_MODEL_NAME",),
    ),
    "script": Recipe(line="python propose.py"),
}


def brief_keys(name: str, *, scope: Sequence[str], environment: Mapping[str, str]) -> dict[str, object]:
    """The keys of a brief for a proposer of this name; the first credential that is set is named. Raises BadInput."""
    require_known(name)
    if name in BUILT_IN:
        return {"proposer": name}
    recipe = RECIPES[name]
    if name == "llm" and (len(scope) != 1 or any(letter in scope[0] for letter in "*?[")):
        raise BadInput("--proposer llm writes one file, and the scope has several: name one with --scope.")
    files = " ".join(path if any(letter in path for letter in "*?[") else shlex.quote(path) for path in scope)
    keys: dict[str, object] = {"proposer": "command", "command": recipe.line.replace("{files}", files)}
    found = next((one for one in recipe.credentials if environment.get(one)), None)
    variables = [*([found or recipe.credentials[0]] if recipe.credentials else []), *recipe.settings]
    return {**keys, **({"command_env": variables} if variables else {})}


def require_known(name: str) -> None:
    """Raises BadInput for a name without a recipe."""
    if name not in BUILT_IN and name not in RECIPES:
        names = ", ".join([*RECIPES, *BUILT_IN])
        raise BadInput(f"--proposer {name} is unknown: write one of {names}.")
