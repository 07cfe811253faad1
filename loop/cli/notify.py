"""A notice for a person who is not there: a command of theirs runs on a keep, at the end, and on trouble.

The command is a shell line with the person's own environment and two variables more, `AR_NOTICE` (keep, end, pause or
trouble) and `AR_LINE` (one sentence); on its stdin it finds a JSON object with both and the session's figures. It is
given half a minute, and nothing that it does can stop or delay the loop.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping

from journal.events import BriefChanged, Event, ExperimentKept, ProposerFailed, SessionEnded, SessionPaused
from journal.events.recorded import Recorded
from journal.reports.narration import narrate
from loop.cli.narrator import printable
from loop.llm.messages import LASTING
from loop.runtime.session_journal import Listener

SECONDS = 30.0  # that a command may take


class Notifier(Listener):
    """Runs the command for each event that is worth one, one after the other, beside the loop."""

    def __init__(
        self, command: str, *, facts: Callable[[], Mapping[str, object]], complain: Callable[[str], None]
    ) -> None:
        self._command = command
        self._facts = facts
        self._complain = complain
        self._complained = False
        self._notices: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="notify", daemon=True)
        self._worker.start()

    def heard(self, recorded: Recorded) -> None:
        notice = kind(recorded.event)
        if notice is not None:
            line = printable(f"{recorded.event.session}: {narrate(recorded.event) or recorded.event.NAME}")
            self._notices.put({"notice": notice, "line": line, **self._facts()})

    def finish(self, *, seconds: float = SECONDS) -> None:
        """Let the notices that wait be told."""
        self._notices.put(None)
        self._worker.join(seconds)

    def _work(self) -> None:
        while (notice := self._notices.get()) is not None:
            if (words := _tell(self._command, notice)) and not self._complained:
                self._complained = True
                self._complain(f"the --notify command {words}")


def kind(event: Event) -> str | None:
    """What sort of notice an event is worth, if any: keep, end, pause or trouble."""
    match event:
        case ExperimentKept(experiment=number) if number > 0:
            return "keep"
        case SessionEnded():
            return "end"
        case SessionPaused():
            return "pause"
        case BriefChanged(accepted=False):
            return "trouble"
        case ProposerFailed(kind=failure) if failure in LASTING:
            return "trouble"
        case _:
            return None


def _tell(command: str, notice: Mapping[str, object]) -> str:
    """Run the command; what went wrong with it, or nothing."""
    environment = os.environ | {"AR_NOTICE": str(notice["notice"]), "AR_LINE": str(notice["line"])}
    try:
        with subprocess.Popen(  # noqa: S602  # a person's own line, as they typed it
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
                process.communicate(json.dumps(notice) + "\n", timeout=SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return f"did not end within {SECONDS:.0f} s and was killed"
    except OSError as error:
        return f"cannot run: {error.strerror}"
    return f"failed with exit code {process.returncode}" if process.returncode else ""
