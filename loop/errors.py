"""The exceptions that the loop raises on purpose.

LoopError
├── BadInput          the person's brief, flags or repository cannot be used; exit code 2
├── ProposerFailure   a proposer gave no usable proposal
├── WorkspaceError    git cannot do what the loop needs: a moved branch, a missing object
├── RunRefused        the run may not start on this machine: a model wrote the code, and no sandbox works
├── Stopped           a person ended the loop
└── MachineFailure    the machine failed: a full disk, no process; the session pauses, no experiment is blamed

Outside the tree: `loop.llm.messages.Fault`, which ends one call to the API and never leaves a proposer or a judge.
Each message is one sentence that says what is wrong, where, and what to do.
"""

from journal.events import Usage


class LoopError(Exception):
    """Root of the tree."""


class BadInput(LoopError):
    """The person's input cannot be used."""


class ProposerFailure(LoopError):
    """A proposer gave no usable proposal. `kind` is a short word, `retry_after` in seconds, `usage` the cost.

    `model` is the model that the proposer called, `prompt_key` the file below .ar/prompts with the call; None for no call.
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
    """Git cannot do, or must not do, what the loop needs."""


class RunRefused(LoopError):
    """The run may not start on this machine."""


class MachineFailure(LoopError):
    """The machine failed, not the experiment."""


class Stopped(LoopError):
    """A person ended the loop; `usage` is the cost of the proposer's call so far, `prompt_key` its file below .ar/prompts."""

    def __init__(
        self, message: str = "A person ended the loop.", *, usage: Usage | None = None, prompt_key: str | None = None
    ) -> None:
        super().__init__(message)
        self.usage = usage or Usage()
        self.prompt_key = prompt_key
