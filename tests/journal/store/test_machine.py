"""The store against a model, in any order of appends, refusals, repeats, people, restarts and rebuilds."""

import tempfile
from pathlib import Path

from eventful import EVENTS
from histories import MEMORY, TAG, ticking
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from journal.errors import VersionConflict
from journal.events import DirectionAdded, control_stream
from journal.store import Journal, Reader
from journal.verify.checks import verify

STREAMS = st.sampled_from(["experiment/a/1", "experiment/a/2", "session/a"])
STEPS = st.lists(EVENTS, min_size=1, max_size=3)


class StoreAgainstModel(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.path = Path(self.folder.name) / "journal.db"
        self.clock = ticking()
        self.model = []  # (stream, event) in order
        self.keys = {}  # key -> positions
        self.opened()

    def opened(self):
        self.journal = Journal(self.path, clock=self.clock)
        self.journal.acquire()
        self.reader = Reader(self.path)

    def version(self, stream):
        return sum(of == stream for of, _ in self.model)

    def took(self, stream, events, recorded):
        first = len(self.model) + 1
        self.model += [(stream, event) for event in events]
        assert [step.position for step in recorded] == list(range(first, first + len(events)))

    @rule(stream=STREAMS, events=STEPS)
    def append(self, stream, events):
        recorded = self.journal.append(stream, events, expected_version=self.version(stream))
        self.took(stream, events, recorded)

    @rule(stream=STREAMS, events=STEPS, off=st.sampled_from([-1, 1, 7]))
    def append_at_a_wrong_version(self, stream, events, off):
        try:
            self.journal.append(stream, events, expected_version=self.version(stream) + off)
        except VersionConflict:
            return
        raise AssertionError("a wrong version was accepted")

    @rule(stream=STREAMS, events=STEPS, key=st.sampled_from(["k", "k#1", "l"]))
    def append_with_a_key(self, stream, events, key):
        recorded = self.journal.append(stream, events, key=key)
        if key in self.keys:
            assert [step.position for step in recorded] == self.keys[key]
        else:
            self.took(stream, events, recorded)
            self.keys[key] = [step.position for step in recorded]

    @rule(number=st.integers(1, 2))
    def a_person_directs(self, number):
        person = Journal(self.path, clock=self.clock)
        event = DirectionAdded(session=TAG, author="ada@hut", channel="cli", direction=number, text="try schedules")
        self.took(control_stream(TAG), [event], person.append(control_stream(TAG), [event]))
        person.close()

    @rule()
    def restart(self):
        self.close()
        self.opened()

    @rule()
    def rebuild(self):
        self.journal.rebuild()

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def read_a_part(self, data):
        after = data.draw(st.integers(0, len(self.model)))
        assert [step.event for step in self.reader.read(after=after)] == [event for _, event in self.model[after:]]

    @invariant()
    def every_event_is_there_in_order(self):
        assert [(step.stream, step.event) for step in self.reader.read()] == self.model

    def close(self):
        self.reader.close()
        self.journal.close()

    def teardown(self):
        assert verify(self.journal).findings == []
        self.close()
        self.folder.cleanup()


StoreAgainstModel.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestStoreAgainstModel = StoreAgainstModel.TestCase
