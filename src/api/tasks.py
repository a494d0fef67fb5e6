"""Tasks on the wire: their shapes, and how they are made of what the store holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from api.impacts import ImpactShown, Money, impact_of, money_of
from api.queueing import probability, titles, why
from api.schemas import Model, Named
from api.words import nouns
from mdm import judgement
from mdm.agreement import Verdict
from mdm.dossier import Dossier
from mdm.queue import Kind
from mdm.settings import Settings
from mdm.store import tasks
from mdm.store.decisions import RecordKey
from mdm.store.tasks import WAITING, Status, Task


class Sign(Model):
    """What makes a golden record look broken, with the two records that show it."""

    sign: Literal["veto", "contradiction", "bridge", "large"]
    """`veto`: two values where there can be one; `contradiction`: two records speak against each other; `bridge`: one weak pair alone holds
    two groups together; `large`: very many records."""
    field: str | None
    left: Named | None
    right: Named | None


class TaskShown(Model):
    """Something that waits for a steward, or did."""

    id: int
    entity: str
    kind: Kind
    """`pair`: are two records one thing; `cluster`: is a golden record one thing; `value`: a value that was set aside; `pin`: a pinned value
    that a source speaks against."""
    status: Status
    """`second`: it waits for another steward; `gone`: there is nothing to decide any more."""
    title: str
    """What it is about: names."""
    why: str
    """Why it is asked."""
    left: Named | None
    right: Named | None
    golden_id: str | None
    probability: float | None
    """Of a pair, that it is one thing, from 0 to 1."""
    together: bool | None
    """Of a pair, whether it is joined now."""
    signs: list[Sign]
    """Of a golden record, what makes it look broken, the worst first."""
    detail: dict[str, Any]
    """Of a value: field, value, reason, fix; of a pin: field, and who said what."""
    stake: Money
    """What hangs on it: of a pair, on the side on which less hangs."""
    uncertainty: float
    """From 0 to 1: twice the chance that the likelier answer is wrong."""
    rank: float
    """Stake x uncertainty; the highest comes first, among those skipped equally often."""
    stewards: int
    """How many have to agree."""
    assignee: str | None
    leased_by: str | None
    leased_until: datetime | None
    snoozed_until: datetime | None
    skips: int
    created_at: datetime
    closed_at: datetime | None


class RecordShown(Model):
    """A record with what it says, clean; references are golden ids."""

    source: str
    key: str
    values: dict[str, str]


class Step(Model):
    """A bar of the waterfall: bits before and after."""

    label: str
    before: float
    after: float


class Seen(Model):
    """What one feature says."""

    fields: list[str]
    label: str
    """How far the two agree there, in the terms of its kind."""
    bits: float
    """For their being one thing where it is positive."""


class EvidenceShown(Model):
    """What speaks for and against two records being one thing."""

    left: Named
    right: Named
    probability: float
    decision: str
    vetoed_by: list[str]
    seen: list[Seen]
    """The most telling first."""
    waterfall: list[Step]
    sentences: list[str]
    counterfactual: list[str]
    """Changes of one field that would turn it, the smallest first."""


class OpinionShown(Model):
    """What a steward thought of it."""

    steward: str
    at: datetime
    verdict: Verdict | None
    """Null for who has not judged it: a second view is worth something where it does not know the first."""
    reason: str | None


class Case(Model):
    """All that it takes to judge a task."""

    task: TaskShown
    records: list[RecordShown]
    """Side by side: of a pair both, of a golden record its records, 200 at most."""
    evidence: EvidenceShown | None
    """Of a pair, or of the two records that make a golden record look most broken."""
    impact: ImpactShown
    opinions: list[OpinionShown]
    disagreed: bool
    """Whether stewards have said different things, so that one more decides."""


def shown(settings: Settings, db: Connection, found: Sequence[Task]) -> list[TaskShown]:
    """Tasks as they go over the wire, in their order."""
    called = titles(db, found)
    signs = [sign for task in found for sign in task.detail.get("signs", ())]
    keys = tasks.keys(db, {sign[side] for sign in signs for side in ("left", "right") if sign[side] is not None})
    return [_task(settings, task, called[task.id], keys) for task in found]


def _task(settings: Settings, task: Task, title: str, keys: dict[int, RecordKey]) -> TaskShown:
    signs = [
        Sign(sign=sign["sign"], field=sign["field"], left=_named(keys.get(sign["left"])), right=_named(keys.get(sign["right"])))
        for sign in task.detail.get("signs", ())
    ]
    own = task.detail if task.kind in ("value", "pin") else {}
    return TaskShown(
        id=task.id, entity=task.entity, kind=task.kind, status=task.status, title=title, why=why(settings, task),
        left=_named(task.left), right=_named(task.right), golden_id=task.golden_id,
        probability=probability(task), together=task.detail.get("together"), signs=signs, detail=own,
        stake=money_of(task.stake, settings.currency), uncertainty=task.uncertainty, rank=task.rank, stewards=judgement.needed(settings, task),
        assignee=task.assignee, leased_by=task.leased_by, leased_until=task.leased_until, snoozed_until=task.snoozed_until,
        skips=task.skips, created_at=task.created_at, closed_at=task.closed_at,
    )  # fmt: skip


def _named(key: RecordKey | None) -> Named | None:
    return None if key is None else Named(source=key.source, key=key.key)


def case_of(settings: Settings, db: Connection, found: Dossier, caller: str) -> Case:
    """What a review screen shows to a caller."""
    given = tasks.opinions(db, found.task)
    open_ = any(one.steward == caller for one in given) or found.task.status not in WAITING
    opinions = [
        OpinionShown(steward=one.steward, at=one.at, verdict=one.verdict if open_ else None, reason=one.reason if open_ else None)
        for one in given
    ]
    return Case(
        task=shown(settings, db, [found.task])[0],
        records=[RecordShown(source=one.record.source, key=one.record.key, values=one.values) for one in found.records],
        evidence=None if found.evidence is None else _evidence(settings, found),
        impact=impact_of(settings, found.impact, _named(found.moving)),
        opinions=opinions,
        disagreed=judgement.standing(given) == "third",
    )


def _evidence(settings: Settings, found: Dossier) -> EvidenceShown:
    assert found.evidence is not None
    assert found.between is not None
    told = found.evidence.explanation
    language, own = settings.language, nouns(settings)
    left, right = found.between
    parts = sorted(told.parts, key=lambda part: -abs(part.bits))
    return EvidenceShown(
        left=Named(source=left.source, key=left.key), right=Named(source=right.source, key=right.key),
        probability=told.probability, decision=told.decision, vetoed_by=list(told.vetoed_by),
        seen=[Seen(fields=list(part.fields), label=part.label, bits=part.bits) for part in parts],
        waterfall=[Step(label=label, before=before, after=after) for label, before, after in told.waterfall(language, own)],
        sentences=told.sentences(language, own), counterfactual=told.counterfactual(language, own),
    )  # fmt: skip
