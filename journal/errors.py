"""What can go wrong with a journal. Each message is one sentence: what is wrong, where, and what to do."""


class JournalError(Exception):
    """Base of every error that the journal raises deliberately."""


class JournalMissing(JournalError):
    """The path holds no journal, or the journal holds no such session or experiment."""


class JournalUnusable(JournalError):
    """The file or its file system cannot hold a journal: read-only, on a network, not SQLite."""


class JournalFull(JournalUnusable):
    """The disk has no space left: nothing was written, and nothing was lost."""


class JournalLocked(JournalUnusable):
    """Another process has locked a file of the journal for too long; the message names it if the kernel does."""


class JournalBusy(JournalError):
    """Another loop holds the lease; the message names it."""


class SessionOver(JournalError):
    """The session has ended, so nobody will answer an intent for it."""


class LeaseLost(JournalError):
    """Another process has taken the lease over: this writer must stop."""


class VersionConflict(JournalError):
    """The stream is not at the expected version; the message names both."""


class UnknownEvent(JournalError):
    """This program does not know a stored event, because a newer or another program wrote it."""


class QueryRefused(JournalError):
    """The statement may not run: it is not read-only, takes too long, or asks for too much."""
