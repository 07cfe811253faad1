"""Experiments in flight, each on a device of its own: one runs in the calling thread, several in threads of their own.

What a thread raises is raised in the loop's own thread, once the others have ended: they go on to their verdicts if
the fault is not the machine's, and are given up if it is, for the next start to record as interrupted.
"""

import threading
from collections.abc import Callable, Sequence

from journal.errors import JournalError
from journal.events import Verdict
from loop.contracts import Device
from loop.errors import MachineFailure
from loop.runtime.context import Context

LOOK_SECONDS = 0.5  # between looks at what people ask for, while experiments are in flight
BROKEN = (MachineFailure, JournalError, OSError)  # after these nothing that is in flight can be recorded


class Worker(threading.Thread):
    """A piece of work on a device. `done` is set while the worker holds the lock."""

    def __init__(
        self, pool: "WorkerPool", work: Callable[[Context], object], *, device: Device, number: int | None
    ) -> None:
        super().__init__(name=f"on {device.name}", daemon=True)
        self.device = device
        self.number = number
        self.done = False
        self.error: BaseException | None = None
        self._pool = pool
        self._work = work

    def run(self) -> None:
        with self._pool.ctx.lock:
            try:
                self._work(self._pool.ctx.on(self.device))
            except BaseException as error:  # noqa: BLE001  # raised again where the loop waits for it
                self.error = error
            self.done = True
        self._pool.ended.set()


class WorkerPool:
    """The experiments in flight. Whoever calls this holds the lock."""

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

    def start(self, number: int, judge: Callable[[Context], Verdict]) -> None:
        """Take an experiment to its verdict, beside the others; on the only device, before this returns."""

        def work(ctx: Context) -> None:
            verdict = judge(ctx)  # first: the list may be another one by then
            self._verdicts.append((number, verdict))

        if len(self.ctx.devices) == 1:
            work(self.ctx)
        else:
            self._start(work, number=number)

    def take_verdicts(self) -> list[tuple[int, Verdict]]:
        """The experiments that have a verdict since the last call. Raises what one of them raised."""
        for worker in self._take_ended():
            if worker.error is not None:
                raise worker.error
        verdicts, self._verdicts = self._verdicts, []
        return verdicts

    def wait(self) -> None:
        """Let the others have the lock until one of them has ended, or there may be something to answer."""
        with self.ctx.lock.released():
            self.ended.wait(LOOK_SECONDS)
            self.ended.clear()

    def wait_any(self) -> None:
        """Wait until one of those in flight has ended."""
        while not any(worker.done for worker in self._workers):
            self.wait()

    def run_all(self, works: Sequence[Callable[[Context], object]]) -> None:
        """Do all of these, as many at once as there are devices. Raises the first error, when all have ended."""
        if len(self.ctx.devices) == 1:
            for work in works:
                work(self.ctx)
            return
        try:
            for work in works:
                while self.is_full:
                    self._look()
                self._start(work)
            while self._workers:
                self._look()
        except BaseException as error:
            self.finish(error)
            raise

    def finish(self, error: BaseException) -> None:
        """Wait for what is in flight, after an error: to its verdict, or given up if the machine is at fault."""
        self.ctx.control.given_up |= isinstance(error, BROKEN)
        while self._workers:
            self.wait()
            self.ctx.control.given_up |= any(isinstance(worker.error, BROKEN) for worker in self._take_ended())

    def _look(self) -> None:
        self.wait()
        self.take_verdicts()

    def _take_ended(self) -> list[Worker]:
        """Take those that have ended out of the list."""
        ended = [worker for worker in self._workers if worker.done]
        self._workers = [worker for worker in self._workers if worker not in ended]
        return ended

    def _start(self, work: Callable[[Context], object], *, number: int | None = None) -> None:
        used = {worker.device for worker in self._workers}
        free = next(device for device in self.ctx.devices if device not in used)
        worker = Worker(self, work, device=free, number=number)
        self._workers.append(worker)
        worker.start()
