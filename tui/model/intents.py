"""What people asked of a loop and what it answered, each with its position: posted is not done. Pure."""

from msgspec import Struct, field

from journal.events import (
    Acknowledged,
    BranchFromRequested,
    DirectionAdded,
    DirectionWithdrawn,
    Intent,
    SkipRequested,
    StopRequested,
    VetoRequested,
)

NEVER = 2**62  # a position no journal reaches


class Asked(Struct):
    """A person's intent, and the loop's answer once there is one."""

    position: int
    kind: str
    words: str
    author: str
    answered: int = NEVER
    outcome: str = ""


class StandingDirection(Struct):
    number: int
    text: str
    added: int
    withdrawn: int = NEVER


class Requests(Struct):
    """A session's intents and directions, in order."""

    asked: list[Asked] = field(default_factory=list)
    directions: list[StandingDirection] = field(default_factory=list)

    def ask(self, event: Intent, at: int) -> None:
        """Take in an intent."""
        self.asked.append(Asked(at, event.NAME, words(event), event.author))
        if isinstance(event, DirectionAdded):
            self.directions.append(StandingDirection(event.direction, event.text, at))
        elif isinstance(event, DirectionWithdrawn):
            for direction in self.directions:
                if direction.number == event.direction and direction.withdrawn == NEVER:
                    direction.withdrawn = at

    def answer(self, event: Acknowledged, at: int) -> None:
        """Take in what the loop answered."""
        for asked in reversed(self.asked):
            if asked.position == event.request:
                asked.outcome, asked.answered = event.words(), at
                return


NAMED: dict[type[Intent], str] = {
    SkipRequested: "skip",
    VetoRequested: "veto",
    BranchFromRequested: "go on from",
}


def words(event: Intent) -> str:
    """What a person asked for, as a screen names it."""
    match event:
        case DirectionAdded():
            return f"direction {event.direction}: {event.text}"
        case DirectionWithdrawn():
            return f"withdraw direction {event.direction}"
        case StopRequested():
            return "stop now" if event.now else "stop after this run"
        case SkipRequested() | VetoRequested() | BranchFromRequested():
            return f"{NAMED[type(event)]} #{event.experiment}"
        case _:
            return event.NAME.removesuffix("Requested").lower()
