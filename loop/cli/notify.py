"""`ar-loop run --notify`: runs a person's command on a keep, a pause, trouble and at the end.

The command is a shell line. It gets the loop's environment, the variables `AR_NOTICE` (keep, end, pause or trouble) and
`AR_LINE` (one sentence), and on stdin a JSON object with both and the session's figures. It may take half a minute, and cannot
stop or delay the loop.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping

from journal.console.text import one_line
from journal.events import (
    BriefChanged,
    Event,
    ExperimentKept,
    ProposerFailed,
    RepositoryTouched,
    SessionEnded,
    SessionPaused,
)
from journal.events.recorded import Recorded
from journal.reports.narration import narrate
from loop.llm.messages import PERMANENT

TIMEOUT = 30.0  # seconds of the command
LINE = 1_000  # characters of AR_LINE


class Notifier:
    """Runs the command for one event after the other, in its own thread."""

    def __init__(
        self, command: str, *, figures: Callable[[], Mapping[str, object]], warn: Callable[[str], None]
    ) -> None:
        self._command = command
        self._figures = figures
        self._warn = warn
        self._has_warned = False
        self._notices: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="notify", daemon=True)
        self._worker.start()

    def on_event(self, recorded: Recorded) -> None:
        """Queue a notice, if the event is worth one."""
        notice = kind(recorded.event)
        if notice is not None:
            line = f"{recorded.event.session}: {narrate(recorded.event) or recorded.event.NAME}"
            self._notices.put({"notice": notice, "line": one_line(line, width=LINE), **self._figures()})

    def finish(self, *, seconds: float = TIMEOUT) -> None:
        """Wait until the queued notices are sent."""
        self._notices.put(None)
        self._worker.join(seconds)

    def _work(self) -> None:
        while (notice := self._notices.get()) is not None:
            problem = _run(self._command, notice)
            if problem and not self._has_warned:
                self._has_warned = True
                self._warn(f"the --notify command {problem}")


def kind(event: Event) -> str | None:
    """The kind of notice that an event is worth, if any: keep, end, pause or trouble."""
    match event:
        case ExperimentKept(experiment=number) if number > 0:
            return "keep"
        case SessionEnded():
            return "end"
        case SessionPaused():
            return "pause"
        case BriefChanged(accepted=False) | RepositoryTouched():
            return "trouble"
        case ProposerFailed(kind=failure) if failure in PERMANENT:
            return "trouble"
        case _:
            return None


def _run(command: str, notice: Mapping[str, object]) -> str:
    """Run the command; returns what went wrong, or an empty text."""
    environment = os.environ | {"AR_NOTICE": str(notice["notice"]), "AR_LINE": str(notice["line"])}
    try:
        with subprocess.Popen(  # noqa: S602  # the person typed the line
            command,
            shell=True,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                process.communicate(json.dumps(notice) + "\n", timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return f"did not end within {TIMEOUT:.0f} s and was killed"
    except OSError as error:
        return f"cannot run: {error.strerror}"
    return f"failed with exit code {process.returncode}" if process.returncode else ""
