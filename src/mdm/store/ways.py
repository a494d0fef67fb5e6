"""Ways: where an id that was no longer in force led at an instant, by where its records were.

What leads where now is written down beside each id. What it was before follows from membership, which keeps its history: an id that has
ended leads to where most of the records went that it held last (tie: the oldest record), and from there on, until an id is reached that was
in force, or whose records went nowhere.
"""

from datetime import datetime

from sqlalchemy import Connection, text


def way(db: Connection, golden_id: str, known_at: datetime) -> str | None:
    """Where an id that had ended led, in one hop; None where nothing took its records."""
    seen = [golden_id]
    while (there := _next(db, seen[-1], known_at)) is not None and there not in seen:
        seen.append(there)
    return seen[-1] if len(seen) > 1 else None


def led(db: Connection, golden_id: str, known_at: datetime) -> list[str]:
    """Ids that led to this one, oldest first."""
    known = list(db.execute(_MET, {"golden_id": golden_id, "at": known_at}).scalars())
    return [one for one in known if way(db, one, known_at) == golden_id]


def _next(db: Connection, golden_id: str, known_at: datetime) -> str | None:
    return db.execute(_NEXT, {"golden_id": golden_id, "at": known_at}).scalar_one_or_none()


_NEXT = text(
    """WITH held AS (
           SELECT record_id, known_to FROM member WHERE golden_id = :golden_id AND known_from <= :at AND known_from IS DISTINCT FROM known_to
       ), ended AS (
           SELECT max(known_to) AS at FROM held HAVING bool_and((known_to <= :at) IS TRUE)
       )
       SELECT m.golden_id FROM held JOIN ended ON held.known_to = ended.at
       JOIN member m ON m.record_id = held.record_id AND m.known_from = ended.at AND m.known_to IS DISTINCT FROM m.known_from
       GROUP BY 1 ORDER BY count(*) DESC, min(m.record_id) LIMIT 1"""
)
_MET = text(
    """SELECT DISTINCT o.golden_id FROM member m JOIN member o ON o.record_id = m.record_id
       WHERE m.golden_id = :golden_id AND m.known_from <= :at AND o.golden_id <> :golden_id AND o.known_from <= :at ORDER BY 1"""
)
