"""The terminal's time zone, as the system has it, with the changes of summer time."""

import time
from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The zone of this machine or of $TZ, at each moment."""

    def fromutc(self, moment: datetime) -> datetime:
        return moment + _offset(moment.replace(tzinfo=UTC).timestamp())

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        if moment is None:
            return None
        return _offset(time.mktime((*moment.timetuple()[:8], -1)))

    def dst(self, _moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _moment: datetime | None) -> str | None:
        return None


def _offset(seconds: float) -> timedelta:
    return timedelta(seconds=time.localtime(seconds).tm_gmtoff)


LOCAL = LocalZone()
