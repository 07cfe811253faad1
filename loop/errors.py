"""What can go wrong in the loop.

LoopError
├── BadInput             the person's input: brief, flags, repository; exit code 2
├── ProposerFailure      a proposer gave no usable proposal; carries a kind and perhaps a time to wait
├── WorkspaceError       git: a moved branch, a missing object, a refused path
├── RunRefused           the run may not start here (no sandbox for a model's code, no device)
├── Stopped              a person ended the loop: not an error, but it travels like one
└── WorldBroken          disk full, GPU gone: the session pauses or ends, no experiment is blamed

Each message is one sentence that says what is wrong, where, and what to do.
"""

from journal.events import Usage


class LoopError(Exception):
    """Root of everything the loop raises on purpose."""


class BadInput(LoopError):
    """The person's input cannot be used as it is."""


class ProposerFailure(LoopError):
    """A proposer gave no usable proposal. `kind` is a short word, `retry_after` in seconds, `usage` what it cost.

    `model` was asked, if one was; `prompt_key` is where it can be read.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        retry_after: float | None = None,
        usage: Usage | None = None,
        model: str | None = None,
        prompt_key: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.usage = usage or Usage()
        self.model = model
        self.prompt_key = prompt_key


class WorkspaceError(LoopError):
    """Git cannot do, or must not do, what is asked."""


class RunRefused(LoopError):
    """The run may not start here."""


class MachineFailure(LoopError):
    """The machine, not the experiment, is at fault."""


class Stopped(LoopError):
    """A person ended the loop; `usage` is what the call of a proposer had cost by then."""

    def __init__(self, message: str = "A person ended the loop.", *, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage or Usage()
