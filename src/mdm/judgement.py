"""What a steward's verdict on a task comes to: a ruling at once, or an opinion that waits for another steward."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from mdm import stewardship
from mdm.agreement import Opinion, Verdict
from mdm.entities import MASTERS
from mdm.errors import BadInput, Conflict, NotFound
from mdm.hub import Hub
from mdm.queue import Kind
from mdm.settings import Settings
from mdm.stewardship import Steward
from mdm.store import tasks
from mdm.store.database import lock
from mdm.store.tasks import WAITING, Task

Outcome = Literal["settled", "second", "third"]
"""`settled`: it took effect; `second`: another steward has to see it; `third`: stewards disagree, and one more has to see it."""
_RULINGS: tuple[Verdict, ...] = ("same", "different", "unsure")
_CHOICES: tuple[Verdict, ...] = ("keep", "drop", "unsure")
_MASTERS = {master.entity: master for master in MASTERS}
VERDICTS: dict[Kind, tuple[Verdict, ...]] = {"pair": _RULINGS, "cluster": _RULINGS, "value": _CHOICES, "pin": _CHOICES}


@dataclass(frozen=True)
class Judged:
    """A task after a verdict."""

    task: Task
    outcome: Outcome


def judge(hub: Hub, db: Connection, task_id: int, steward: str, verdict: Verdict, reason: str | None) -> Judged:
    """Take a steward's verdict.

    It takes effect where the stake is not above what one steward may decide, or else when a second one agrees. Raises NotFound; BadInput
    on a verdict that the kind of task does not have; Conflict where the task is closed, in another's hands or was judged by the steward,
    and where other rulings say otherwise.
    """
    now = hub.now()
    if (asked := tasks.get(db, task_id)) is not None:
        lock(db, f"resolve {asked.entity}")  # before the task's row, as whoever matches takes them
    found = _to_judge(db, task_id, steward, verdict, now)
    tasks.opine(db, found, steward, verdict, reason, now)
    given = tasks.opinions(db, found)
    agreeing = [one for one in given if one.verdict == verdict != "unsure"]
    free = {"leased_by": None, "leased_until": None, "assignee": None}
    if len(agreeing) < needed(hub.settings, found):
        tasks.change(db, task_id, status="second", **free)
        return Judged(_again(db, task_id), standing(given))
    why = next((one.reason for one in reversed(agreeing) if one.reason), None)
    effect(hub, db, found, verdict, Steward(", ".join(one.steward for one in agreeing), why))
    tasks.change(db, task_id, status="done", closed_at=now, **free)
    return Judged(_again(db, task_id), "settled")


def needed(settings: Settings, found: Task) -> int:
    """How many stewards have to agree."""
    limit = settings.second_steward_above
    return 2 if limit is not None and found.stake > limit else 1


def standing(given: Sequence[Opinion]) -> Outcome:
    """Whom a task waits for that is not settled: a second steward, or a third where two disagree."""
    said = Counter(one.verdict for one in given if one.verdict != "unsure")
    return "third" if len(said) > 1 else "second"


def effect(hub: Hub, db: Connection, found: Task, verdict: Verdict, by: Steward) -> None:
    """Do what was decided, with effect at once. Raises Conflict where other rulings say otherwise.

    A verdict on a pair is a ruling on its records. One on a golden record is a ruling on the records that make it look broken: the same
    for all such pairs, different for the first, which says most. Those on values and pins are kept and change nothing by themselves.
    """
    if verdict in ("same", "different"):
        pairs = _pairs(found) if verdict == "same" else _pairs(found)[:1]
        stewardship.rule(hub, db, _MASTERS[found.entity], pairs, verdict, by)


def _pairs(found: Task) -> list[tuple[int, int]]:
    if found.left_id is not None and found.right_id is not None:
        return [(found.left_id, found.right_id)]
    signs = found.detail.get("signs", ())
    return list(dict.fromkeys((sign["left"], sign["right"]) for sign in signs if sign["left"] is not None))


def skip(db: Connection, now: datetime, task_id: int, steward: str) -> Task:
    """Put a task behind all that were skipped less often. Raises NotFound, Conflict."""
    found = _in_hand(db, task_id, steward, now)
    tasks.change(db, task_id, skips=found.skips + 1, leased_by=None, leased_until=None)
    return _again(db, task_id)


def snooze(db: Connection, now: datetime, task_id: int, steward: str, hours: float) -> Task:
    """Put a task off for some hours. Raises NotFound, Conflict."""
    _in_hand(db, task_id, steward, now)
    tasks.change(db, task_id, snoozed_until=now + timedelta(hours=hours), leased_by=None, leased_until=None)
    return _again(db, task_id)


def assign(db: Connection, task_id: int, steward: str | None) -> Task:
    """Keep a task for a steward, or for nobody. Raises NotFound; Conflict where it is closed or was judged by that steward."""
    found = _waiting(db, task_id)
    if steward is not None:
        _not_judged(db, found, steward)
    ends = {} if found.leased_by in (None, steward) else {"leased_by": None, "leased_until": None}
    tasks.change(db, task_id, assignee=steward, **ends)
    return _again(db, task_id)


def release(db: Connection, now: datetime, task_id: int, steward: str) -> Task:
    """Let others have a task that the steward looked at. Raises NotFound, Conflict."""
    _in_hand(db, task_id, steward, now)
    tasks.change(db, task_id, leased_by=None, leased_until=None)
    return _again(db, task_id)


def _to_judge(db: Connection, task_id: int, steward: str, verdict: Verdict, now: datetime) -> Task:
    found = _in_hand(db, task_id, steward, now)
    if verdict not in VERDICTS[found.kind]:
        raise BadInput(f"a {found.kind} is not judged {verdict!r}; say {', '.join(VERDICTS[found.kind])}")
    if found.assignee not in (None, steward):
        raise Conflict(f"task {task_id} is kept for {found.assignee!r}; assign it to yourself first")
    _not_judged(db, found, steward)
    return found


def _not_judged(db: Connection, found: Task, steward: str) -> None:
    if any(one.steward == steward for one in tasks.opinions(db, found)):
        raise Conflict(f"{steward!r} has judged task {found.id}; it waits for another steward")


def _in_hand(db: Connection, task_id: int, steward: str, now: datetime) -> Task:
    """A task that nobody else looks at."""
    found = _waiting(db, task_id)
    if found.leased_by not in (None, steward) and found.leased_until is not None and found.leased_until > now:
        raise Conflict(f"{found.leased_by!r} looks at task {task_id} until {found.leased_until.isoformat(timespec='minutes')}")
    return found


def _waiting(db: Connection, task_id: int) -> Task:
    found = tasks.get(db, task_id, to_change=True)
    if found is None:
        raise NotFound(f"there is no task {task_id}")
    if found.status not in WAITING:
        why = "it is decided" if found.status == "done" else "there is nothing to decide any more"
        raise Conflict(f"task {task_id} is closed: {why}")
    return found


def _again(db: Connection, task_id: int) -> Task:
    found = tasks.get(db, task_id)
    assert found is not None
    return found
