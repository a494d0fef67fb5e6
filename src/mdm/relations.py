"""Relations between golden records: who belongs to which group, and from when to when one record referred to another. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby


@dataclass(frozen=True)
class Family:
    """A group of companies."""

    top: str
    """The one above all others; of a ring, that with the smallest id."""
    members: tuple[str, ...]
    """All of them, the one above first, then in order of their ids."""
    ring: tuple[str, ...] = field(default=())
    """Those that by their references are above themselves: an error in a source. They count as one group."""


def family(of: str, parents: Mapping[str, str]) -> Family:
    """The group of a golden record. In: the parent of each that has one; references in a circle are survived and told."""
    above_all, ring = top(of, parents)
    below: dict[str, list[str]] = defaultdict(list)
    for child, parent in parents.items():
        below[parent].append(child)
    members, queue = {above_all}, [above_all]
    while queue:
        fresh = [child for child in below[queue.pop()] if child not in members]
        members.update(fresh)
        queue += fresh
    return Family(above_all, (above_all, *sorted(members - {above_all})), ring if len(ring) > 1 else ())


def top(of: str, parents: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The golden record above all others, and those that are above themselves, if any."""
    way = [of]
    while (above := parents.get(way[-1])) is not None and above not in way:
        way.append(above)
    ring = tuple(sorted(way[way.index(above) :])) if above is not None else ()
    # One that names itself as its parent stands alone at the top.
    return (min(ring) if ring else way[-1]), ring


@dataclass(frozen=True)
class Reference:
    """What a version of a record refers to."""

    record_id: int
    source: str
    key: str
    golden_id: str
    """Of the record."""
    at: datetime
    """Event time."""
    to: str | None
    """The golden record referred to; None where it refers to none, or is deleted."""


@dataclass(frozen=True)
class Span:
    """From when to when a record referred to a golden record."""

    source: str
    key: str
    golden_id: str
    to: str
    since: datetime
    until: datetime | None
    """None where it still does."""

    def holds(self, at: datetime) -> bool:
        """Whether it held at an instant."""
        return self.since <= at and (self.until is None or at < self.until)


def spans(references: Iterable[Reference]) -> list[Span]:
    """Spans of time by record. In: references by record and event time."""
    found: list[Span] = []
    for _, versions in groupby(references, key=lambda one: one.record_id):
        open_: Span | None = None
        for one in versions:
            if open_ is not None and one.to == open_.to:
                continue
            if open_ is not None:
                found.append(replace(open_, until=one.at))
            open_ = None if one.to is None else Span(one.source, one.key, one.golden_id, one.to, one.at, None)
        found += [] if open_ is None else [open_]
    return [span for span in found if span.until is None or span.until > span.since]
