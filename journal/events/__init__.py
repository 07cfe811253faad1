"""What can happen: the event catalogue. Frozen values.

A stored name is never a class path: rename a class freely, never its `NAME`. A changed shape gets a higher `SCHEMA`, one
step in `journal.store.upcast` and a golden file of the old shape. Units are in the field names' comments; metrics are in the
brief's own unit; times are seconds; memory is bytes; money is US dollars. Each topic has a file; everybody imports from here.
"""

from journal.events.branch import ChangeCommitted, ChangeReverted, IncumbentMoved
from journal.events.event import Event
from journal.events.intents import (
    Acknowledged,
    BranchFromAcknowledged,
    BranchFromRequested,
    DirectionAcknowledged,
    DirectionAdded,
    DirectionWithdrawn,
    Intent,
    PauseAcknowledged,
    PauseRequested,
    ResumeAcknowledged,
    ResumeRequested,
    SkipAcknowledged,
    SkipRequested,
    StopAcknowledged,
    StopRequested,
    VetoAcknowledged,
    VetoRequested,
)
from journal.events.parts import Change, Comparison, KnobMove, Usage
from journal.events.proposals import (
    Dropping,
    IdeaProposed,
    IdeaRefused,
    ProposalDropped,
    ProposalPrepared,
    ProposerFailed,
)
from journal.events.runs import (
    FailureKind,
    Isolation,
    RunFailed,
    RunFinished,
    RunLaunched,
    RunPurpose,
    RunStarted,
    Trust,
)
from journal.events.session import (
    BriefChanged,
    NoiseMeasured,
    SessionEnded,
    SessionPaused,
    SessionRecovered,
    SessionResumed,
    SessionStarted,
)
from journal.events.streams import control_stream, experiment_stream, session_stream
from journal.events.verdicts import (
    VETO,
    ExperimentCrashed,
    ExperimentDiscarded,
    ExperimentInvalidated,
    ExperimentKept,
    Verdict,
)

__all__ = [
    "CATALOGUE", "VETO", "Acknowledged", "BranchFromAcknowledged", "BranchFromRequested", "BriefChanged", "Change",
    "ChangeCommitted", "ChangeReverted", "Comparison", "DirectionAcknowledged", "DirectionAdded", "DirectionWithdrawn",
    "Dropping", "Event", "ExperimentCrashed", "ExperimentDiscarded", "ExperimentInvalidated", "ExperimentKept",
    "FailureKind", "IdeaProposed", "IdeaRefused", "IncumbentMoved", "Intent", "Isolation", "KnobMove", "NoiseMeasured",
    "PauseAcknowledged", "PauseRequested", "ProposalDropped", "ProposalPrepared", "ProposerFailed",
    "ResumeAcknowledged", "ResumeRequested", "RunFailed", "RunFinished", "RunLaunched", "RunPurpose", "RunStarted",
    "SessionEnded", "SessionPaused", "SessionRecovered", "SessionResumed", "SessionStarted", "SkipAcknowledged",
    "SkipRequested", "StopAcknowledged", "StopRequested", "Trust", "Usage", "Verdict", "VetoAcknowledged",
    "VetoRequested", "control_stream", "experiment_stream", "session_stream",
]  # fmt: skip

CATALOGUE: dict[str, type[Event]] = {
    kind.NAME: kind
    for kind in (
        SessionStarted, NoiseMeasured, SessionPaused, SessionResumed, SessionRecovered, BriefChanged, SessionEnded,
        ProposalPrepared, ProposalDropped,
        IdeaProposed, IdeaRefused, ProposerFailed, ChangeCommitted, RunStarted, RunLaunched, RunFinished, RunFailed,
        ExperimentKept, ExperimentDiscarded, ExperimentCrashed, ExperimentInvalidated, ChangeReverted, IncumbentMoved,
        DirectionAdded, DirectionWithdrawn, PauseRequested, ResumeRequested, SkipRequested, StopRequested, VetoRequested,
        BranchFromRequested,
        DirectionAcknowledged, PauseAcknowledged, ResumeAcknowledged, SkipAcknowledged, StopAcknowledged, VetoAcknowledged,
        BranchFromAcknowledged,
    )
}  # fmt: skip
