"""Starting a model process of the scorer, and the wire format between the two.

Under the loop `AR_MODEL_FD` names a socket of the loop's own, which starts commands where a training runs: without the
validation text and without a network (the protocol: docs/evaluators.md). By hand, a model process is a child of the scorer.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from contextlib import suppress

REQUEST = struct.Struct("<2q")  # batch, length; the tokens are in shared memory
REPLY = struct.Struct("<4q")  # dimensions of the answer, then each of them, 0 where there is none
VARIABLE = "AR_MODEL_FD"
MESSAGE = 1 << 16  # bytes of one, at most


class NotStarted(Exception):
    """The loop could not start the process; the message says why."""


class Child:
    """A model process as a child of this one."""

    def __init__(self, command: Sequence[str], *, keep: Sequence[int], errors: int) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("AR_") or name == "AR_DEVICE"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=env,
            pass_fds=keep, start_new_session=True,
        )  # fmt: skip

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Lent:
    """A model process that the loop started; descriptors `keep` have the same numbers there, `errors` is its stderr."""

    def __init__(self, command: Sequence[str], *, keep: Sequence[int], errors: int) -> None:
        self._channel = socket.socket(fileno=os.dup(int(os.environ[VARIABLE])))
        request = {"command": list(command), "descriptors": [*keep, 2]}
        socket.send_fds(self._channel, [json.dumps(request).encode()], [*keep, errors])
        answer = json.loads(self._channel.recv(MESSAGE) or b'{"error": "the loop has gone"}')
        if "error" in answer:
            raise NotStarted(answer["error"])
        self._number = answer["started"]

    def end(self) -> None:
        with suppress(OSError):
            self._channel.send(json.dumps({"end": self._number}).encode())
        self._channel.close()


def start(command: Sequence[str], *, keep: Sequence[int], errors: int) -> Child | Lent:
    """Start a model process with these descriptors open.

    Raises:
        NotStarted: the loop refuses.

    """
    kind = Lent if os.environ.get(VARIABLE) else Child
    return kind(command, keep=keep, errors=errors)
