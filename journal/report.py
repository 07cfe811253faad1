"""What a verification found. Pure values."""

from collections import Counter
from dataclasses import dataclass, field

from journal.chain import GENESIS

ALIKE = 3  # findings of one kind that are worth listing


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written; `position` is where, if it is an event."""

    what: str
    position: int | None = None


@dataclass
class Report:
    """`findings` are wrong, in order of discovery; `notes` could not be checked, and say why."""

    head: tuple[int, str] = (0, GENESIS)
    kept: int = 0
    anchors: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alike: Counter[str] = field(default_factory=Counter)  # how often each thing was found

    @property
    def first_bad(self) -> int | None:
        """The lowest position that is wrong."""
        return min((finding.position for finding in self.findings if finding.position is not None), default=None)

    def wrong(self, what: str, position: int | None = None) -> None:
        """Add a finding, unless enough of its kind are listed."""
        self.alike[what] += 1
        if self.alike[what] <= ALIKE:
            self.findings.append(Finding(what, position))

    def close(self) -> None:
        """Say how many more there are of what was found more often than is listed."""
        self.notes += [f"{count - ALIKE} more like this: {what}" for what, count in self.alike.items() if count > ALIKE]
