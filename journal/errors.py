"""What can go wrong with a journal.

JournalError
├── JournalMissing       no journal at that path
├── JournalUnusable      the file or its file system cannot hold a journal (read-only, network, not SQLite)
│   └── JournalFull      no space is left: nothing was written, nothing was lost
├── JournalBusy          another loop holds the lease; names its holder
├── LeaseLost            this writer's lease was taken over: it must stop writing
├── SessionOver          the session has ended: what is asked of it reaches nobody
├── VersionConflict      the stream is not at the expected version; says which and where
├── UnknownEvent         a stored event that this program does not know (newer program, other program)
└── QueryRefused         a statement that may not run here (not read-only, too long, too large)

Each message is one sentence that says what is wrong, where, and what to do.
"""


class JournalError(Exception):
    """Root of everything the journal raises on purpose."""


class JournalMissing(JournalError):
    """No journal at that path."""


class JournalUnusable(JournalError):
    """The file or its file system cannot hold a journal."""


class JournalFull(JournalUnusable):
    """No space is left on the disk."""


class JournalBusy(JournalError):
    """Another loop holds the lease."""


class SessionOver(JournalError):
    """The session has ended: what is asked of it reaches nobody."""


class LeaseLost(JournalError):
    """This writer's lease was taken over."""


class VersionConflict(JournalError):
    """The stream is not at the expected version."""


class UnknownEvent(JournalError):
    """A stored event that this program does not know."""


class QueryRefused(JournalError):
    """A statement that may not run here."""
