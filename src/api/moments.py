"""When a reader stands: `known_at` and `as_of` of a request."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from api.problems import InvalidRequest
from api.selection import Asked
from mdm.store import moment
from mdm.store.moment import NOW, Moment

KnownAt = Annotated[AwareDatetime | None, Field(examples=["2026-11-23T06:00:00Z"])]
Then = Annotated[date | AwareDatetime | None, Field(union_mode="left_to_right", examples=["2026-06-30", "2026-06-30T12:00:00Z"])]


class Known(Asked):
    """Parameters of whatever has a history."""

    known_at: KnownAt = None
    """What the hub knew at that instant (RFC 3339, with its offset); what it knows now where it is not given."""


class Standing(Known):
    """Parameters of whatever has a history in the hub and in the world."""

    as_of: Then = None
    """What held at that instant, or at the end of that day (UTC), by the event times of the sources; a record without one counts from
    when it landed. Golden values are then chosen among what the records said by then."""


def standing(db: Connection, known_at: datetime | None, as_of: date | datetime | None = None) -> Moment:
    """Where a request stands. Raises InvalidRequest on knowledge of the future."""
    if known_at is None and as_of is None:
        return NOW
    if known_at is not None and known_at > (present := moment.now(db)):
        raise InvalidRequest(
            "/query/known_at", "future", f"what will be known is not known yet; it is {present.astimezone(UTC).isoformat()}"
        )
    return Moment(known_at, _end(as_of))


def _end(as_of: date | datetime | None) -> datetime | None:
    if as_of is None or isinstance(as_of, datetime):
        return as_of
    return datetime.combine(as_of, time.min, UTC) + timedelta(days=1, microseconds=-1)
