"""The catalogue of events: frozen values, one file per topic, all imported from here.

Events are stored under `NAME`, so a class may be renamed and its `NAME` may not. A changed shape needs a higher `SCHEMA`,
one step in `journal.store.upcast`, and a golden file of the old shape. Times are seconds, memory is bytes, money is US
dollars, and metrics are in the brief's own unit.
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
    RequestWithdrawn,
    ResumeAcknowledged,
    ResumeRequested,
    SkipAcknowledged,
    SkipRequested,
    StopAcknowledged,
    StopRequested,
    VetoAcknowledged,
    VetoRequested,
    WithdrawalAcknowledged,
)
from journal.events.parts import Candidate, Change, Comparison, KnobMove, Usage
from journal.events.proposals import (
    DropReason,
    IdeaProposed,
    IdeaRefused,
    ProposalDropped,
    ProposalPrepared,
    ProposerFailed,
    RepositoryTouched,
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
    "CATALOGUE", "VETO", "Acknowledged", "BranchFromAcknowledged", "BranchFromRequested", "BriefChanged", "Candidate", "Change",
    "ChangeCommitted", "ChangeReverted", "Comparison", "DirectionAcknowledged", "DirectionAdded", "DirectionWithdrawn",
    "DropReason", "Event", "ExperimentCrashed", "ExperimentDiscarded", "ExperimentInvalidated", "ExperimentKept",
    "FailureKind", "IdeaProposed", "IdeaRefused", "IncumbentMoved", "Intent", "Isolation", "KnobMove", "NoiseMeasured",
    "PauseAcknowledged", "PauseRequested", "ProposalDropped", "ProposalPrepared", "ProposerFailed",
    "RepositoryTouched", "RequestWithdrawn", "ResumeAcknowledged", "ResumeRequested", "RunFailed", "RunFinished",
    "RunLaunched", "RunPurpose", "RunStarted",
    "SessionEnded", "SessionPaused", "SessionRecovered", "SessionResumed", "SessionStarted", "SkipAcknowledged",
    "SkipRequested", "StopAcknowledged", "StopRequested", "Trust", "Usage", "Verdict", "VetoAcknowledged",
    "VetoRequested", "WithdrawalAcknowledged", "control_stream", "experiment_stream", "session_stream",
]  # fmt: skip

CATALOGUE: dict[str, type[Event]] = {
    kind.NAME: kind
    for kind in (
        SessionStarted, NoiseMeasured, SessionPaused, SessionResumed, SessionRecovered, BriefChanged, SessionEnded,
        ProposalPrepared, ProposalDropped, RepositoryTouched,
        IdeaProposed, IdeaRefused, ProposerFailed, ChangeCommitted, RunStarted, RunLaunched, RunFinished, RunFailed,
        ExperimentKept, ExperimentDiscarded, ExperimentCrashed, ExperimentInvalidated, ChangeReverted, IncumbentMoved,
        DirectionAdded, DirectionWithdrawn, PauseRequested, ResumeRequested, SkipRequested, StopRequested, VetoRequested,
        BranchFromRequested, RequestWithdrawn,
        DirectionAcknowledged, PauseAcknowledged, ResumeAcknowledged, SkipAcknowledged, StopAcknowledged, VetoAcknowledged,
        BranchFromAcknowledged, WithdrawalAcknowledged,
    )
}  # fmt: skip
