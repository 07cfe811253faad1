"""Experiments in flight, each on its own device. On one device an experiment runs in the calling thread.

The loop's own thread raises the error of a worker, after the other workers have ended. They run on to their verdicts, unless
the machine is at fault: then they are abandoned, and the next start records their runs as interrupted.
"""

import threading
from collections.abc import Callable, Sequence

from journal.errors import JournalError
from journal.events import Verdict
from loop.contracts import Device
from loop.errors import MachineFailure
from loop.runtime.context import Context
from loop.runtime.control import POLL_SECONDS

Task = Callable[[Context], object]
MACHINE_ERRORS = (MachineFailure, JournalError, OSError)  # after these no experiment in flight can be recorded


class Worker(threading.Thread):
    """A task on a device. The worker sets `is_done` while it holds the lock."""

    def __init__(self, pool: "WorkerPool", task: Task, *, device: Device, number: int | None) -> None:
        super().__init__(name=f"on {device.name}", daemon=True)
        self.device = device
        self.number = number
        self.is_done = False
        self.error: BaseException | None = None
        self._pool = pool
        self._task = task

    def run(self) -> None:
        with self._pool.ctx.lock:
            try:
                self._task(self._pool.ctx.for_device(self.device))
            except BaseException as error:  # noqa: BLE001  # the loop raises it again in its own thread
                self.error = error
            self.is_done = True
        self._pool.ended.set()


class WorkerPool:
    """The experiments in flight. Its caller holds the lock."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.ended = threading.Event()
        self._workers: list[Worker] = []
        self._verdicts: list[tuple[int, Verdict]] = []

    @property
    def numbers(self) -> set[int]:
        """The experiments in flight."""
        return {worker.number for worker in self._workers if worker.number is not None}

    @property
    def is_full(self) -> bool:
        return len(self._workers) >= len(self.ctx.devices)

    def waiting_experiments(self) -> list[int]:
        """The experiments that have neither a verdict nor a worker."""
        return [
            row.number for row in self.ctx.journal.rows() if row.status == "open" and row.number not in self.numbers
        ]

    def has_unapplied_verdict(self) -> bool:
        """Whether a worker with a verdict waits for a checked-out branch: a new keep would move the branch before it."""
        return any(row.status != "open" for row in self.ctx.journal.rows() if row.number in self.numbers)

    def start(self, number: int, judge: Callable[[Context], Verdict]) -> None:
        """Run an experiment to its verdict beside the others; if there is one device, before this returns."""

        def task(ctx: Context) -> None:
            verdict = judge(ctx)  # before the attribute is read: `take_verdicts` replaces the list
            self._verdicts.append((number, verdict))

        if len(self.ctx.devices) == 1:
            task(self.ctx)
        else:
            self._start(task, number=number)

    def take_verdicts(self) -> list[tuple[int, Verdict]]:
        """The verdicts since the last call. Raises the error of a worker that failed."""
        for worker in self._take_ended():
            if worker.error is not None:
                raise worker.error
        verdicts, self._verdicts = self._verdicts, []
        return verdicts

    def wait(self) -> None:
        """Release the lock until a worker ends, at most until people's requests are due to be read again."""
        with self.ctx.lock.released():
            self.ended.wait(POLL_SECONDS)
            self.ended.clear()

    def wait_any(self) -> None:
        """Wait until a worker has ended."""
        while not any(worker.is_done for worker in self._workers):
            self.wait()

    def run_all(self, tasks: Sequence[Task]) -> None:
        """Run tasks, as many at once as there are devices. Raises the first error after all have ended."""
        if len(self.ctx.devices) == 1:
            for task in tasks:
                task(self.ctx)
            return
        try:
            for task in tasks:
                while self.is_full:
                    self._wait_and_check()
                self._start(task)
            while self._workers:
                self._wait_and_check()
        except BaseException as error:
            self.finish(error)
            raise

    def finish(self, error: BaseException) -> None:
        """Wait for the workers after an error: until their verdicts, or until they are abandoned."""
        self.ctx.control.is_abandoned |= isinstance(error, MACHINE_ERRORS)
        while self._workers:
            self.wait()
            errors = [worker.error for worker in self._take_ended()]
            self.ctx.control.is_abandoned |= any(isinstance(error, MACHINE_ERRORS) for error in errors)

    def _wait_and_check(self) -> None:
        self.wait()
        self.take_verdicts()

    def _take_ended(self) -> list[Worker]:
        """Remove and return the workers that have ended."""
        ended = [worker for worker in self._workers if worker.is_done]
        self._workers = [worker for worker in self._workers if worker not in ended]
        return ended

    def _start(self, task: Task, *, number: int | None = None) -> None:
        used = {worker.device for worker in self._workers}
        free = next(device for device in self.ctx.devices if device not in used)
        worker = Worker(self, task, device=free, number=number)
        self._workers.append(worker)
        worker.start()
