"""Experiments in flight, each on a device of its own: one is conducted in place, several in threads that take turns.

What a thread raises is raised in the loop's own thread, once the others have ended: they go on to their verdicts where
the fault is not the machine's, and are given up where it is, for the next start to record as interrupted.
"""

import threading
from collections.abc import Callable, Sequence

from journal.errors import JournalError
from journal.events import Verdict
from loop.contracts import Device
from loop.errors import WorldBroken
from loop.runtime.context import Lab

LOOK_SECONDS = 0.5  # between looks at what people ask for, while experiments are in flight
BROKEN = (WorldBroken, JournalError, OSError)  # where nothing that is in flight can be recorded


class _Flight(threading.Thread):
    """A piece of work on a device. `done` is set while it holds the turn."""

    def __init__(self, crew: "Crew", work: Callable[[Lab], object], *, device: Device, number: int | None) -> None:
        super().__init__(name=f"on {device.name}", daemon=True)
        self.device = device
        self.number = number
        self.done = False
        self.error: BaseException | None = None
        self._crew = crew
        self._work = work

    def run(self) -> None:
        with self._crew.lab.turn:
            try:
                self._work(self._crew.lab.on(self.device))
            except BaseException as error:  # noqa: BLE001  # raised again where the loop waits for it
                self.error = error
            self.done = True
        self._crew.landed.set()


class Crew:
    """The experiments in flight. Whoever calls this holds the turn."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.landed = threading.Event()
        self._flights: list[_Flight] = []
        self._judged: list[tuple[int, Verdict]] = []

    @property
    def numbers(self) -> set[int]:
        """The experiments in flight."""
        return {flight.number for flight in self._flights if flight.number is not None}

    @property
    def full(self) -> bool:
        return len(self._flights) >= len(self.lab.devices)

    def begin(self, number: int, judge: Callable[[Lab], Verdict]) -> None:
        """Take an experiment to its verdict, beside the others; on the only device, before this returns."""

        def work(lab: Lab) -> None:
            verdict = judge(lab)  # first: the list may be another one by then
            self._judged.append((number, verdict))

        if len(self.lab.devices) == 1:
            work(self.lab)
        else:
            self._start(work, number=number)

    def judged(self) -> list[tuple[int, Verdict]]:
        """The experiments that have a verdict since this was last asked. Raises what one of them raised."""
        for flight in self._ended():
            if flight.error is not None:
                raise flight.error
        found, self._judged = self._judged, []
        return found

    def wait(self) -> None:
        """Let the others have the turn until one of them has ended, or there may be something to answer."""
        with self.lab.turn.away():
            self.landed.wait(LOOK_SECONDS)
            self.landed.clear()

    def one(self) -> None:
        """Wait until one of those in flight has ended."""
        while not any(flight.done for flight in self._flights):
            self.wait()

    def all(self, works: Sequence[Callable[[Lab], object]]) -> None:
        """Do all of this, as many at once as there are devices. Raises the first error, when all have ended."""
        if len(self.lab.devices) == 1:
            for work in works:
                work(self.lab)
            return
        try:
            for work in works:
                while self.full:
                    self._look()
                self._start(work)
            while self._flights:
                self._look()
        except BaseException as error:
            self.finish(error)
            raise

    def finish(self, error: BaseException) -> None:
        """Wait for what is in flight, after an error: to its verdict, or given up where the machine is at fault."""
        self.lab.control.given_up |= isinstance(error, BROKEN)
        while self._flights:
            self.wait()
            self.lab.control.given_up |= any(isinstance(flight.error, BROKEN) for flight in self._ended())

    def _look(self) -> None:
        self.wait()
        self.judged()

    def _ended(self) -> list[_Flight]:
        """Take those that have ended out of the flights."""
        ended = [flight for flight in self._flights if flight.done]
        self._flights = [flight for flight in self._flights if flight not in ended]
        return ended

    def _start(self, work: Callable[[Lab], object], *, number: int | None = None) -> None:
        taken = {flight.device for flight in self._flights}
        free = next(device for device in self.lab.devices if device not in taken)
        flight = _Flight(self, work, device=free, number=number)
        self._flights.append(flight)
        flight.start()
