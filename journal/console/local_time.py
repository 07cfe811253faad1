"""Times for people: local, with their offset from UTC. Data has UTC."""

from datetime import datetime, tzinfo

from journal.errors import JournalError


def local_clock(at: str, zone: tzinfo | None = None) -> str:
    """The time of day, such as 23:05:59+01:00; the zone is by default that of the machine (TZ). Raises JournalError."""
    return _local(at, zone).isoformat(timespec="seconds")[11:]


def local_time(at: str, zone: tzinfo | None = None) -> str:
    """Date and time, such as 2026-11-20 23:05:59+01:00. Raises JournalError."""
    return _local(at, zone).isoformat(sep=" ", timespec="seconds")


def recorded_time(at: str) -> datetime:
    """A recorded time (ISO 8601). Raises JournalError for a text that is none: a journal may come from anywhere."""
    try:
        return datetime.fromisoformat(at)
    except ValueError as error:
        raise JournalError(
            f"The journal holds {at!r:.60} as a time, which it is not: run `ar-journal verify`."
        ) from error


def _local(at: str, zone: tzinfo | None) -> datetime:
    time = recorded_time(at)
    try:
        return time.astimezone(zone)
    except (OverflowError, ValueError, OSError):  # the year 1 or 9999
        return time
