"""Where the values of a golden record came from, and what the other records say."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from api.schemas import AppliedRule, FieldLineage, Membership, Origin, PinnedBy, Scalar, golden_fields, typed
from matching.declaration import Field
from mdm.entities import Master, NameOf, Refers
from mdm.past import Past
from mdm.rules import Rule
from mdm.store import golden, pins, rules
from mdm.store.moment import NOW, Moment
from mdm.store.pins import Pin
from mdm.survivorship import Rules, rule_of

Key = tuple[str, str, str]


def members(db: Connection, golden_id: str, moment: Moment = NOW) -> list[Membership]:
    """The records of a golden record."""
    return [
        Membership(
            source=row.source, key=row.key, since=row.since, load=row.load_id, file=row.stream, line=row.line,
            changed_at=row.event_at, loaded_at=row.landed_at,
        )
        for row in golden.members(db, golden_id, moment)
    ]  # fmt: skip


def lineage(
    db: Connection, entity: type[Master], found: golden.Found | Past, only: Collection[str] | None = None, moment: Moment = NOW
) -> list[FieldLineage]:
    """A field a row, those that some record fills; what a record says is what its version in force says."""
    declared = {name: field for name, field in golden_fields(entity).items() if only is None or name in only}
    origins = [found.lineage[name] for name in declared if name in found.lineage]
    records = golden.evidence(db, found.id, {origin for origin in origins if isinstance(origin, int)}, moment)
    held = pins.many(db, [origin["pin"] for origin in origins if isinstance(origin, dict)])
    ended = None if isinstance(found, Past) or found.known_to is None else found.known_from
    ruled = rules.in_force(db, entity, moment.known_at or ended)
    referred = golden.referred(
        db, {key for row in records for field in declared.values() if (key := _reference(entity, field, row))}, moment
    )
    told = [_field(entity, field, found, records, referred, held, ruled) for field in declared.values()]
    return [one for one in told if one.chosen is not None or one.pin is not None or one.others or only is not None]


def _field(
    entity: type[Master],
    field: Field,
    found: golden.Found | Past,
    records: Collection[Any],
    referred: Mapping[Key, Any],
    held: Mapping[int, Pin],
    ruled: Rules,
) -> FieldLineage:
    rule = rule_of(field, ruled)
    origin = found.lineage.get(field.name)
    value = typed(entity, found.data, [field.name])[field.name]
    said = {row.record_id: _origin(row, _said(entity, field, row, referred), value) for row in records}
    chosen = said.pop(origin, None) if isinstance(origin, int) else None
    return FieldLineage(
        field=field.name,
        kind=field.kind.name,
        value=value,
        rule=AppliedRule(**dict(Rule.of(rule)), group=rule.group),
        pin=_pin(held[origin["pin"]], origin.get("over", [])) if isinstance(origin, dict) else None,
        chosen=chosen,
        others=[origin for origin in said.values() if origin.value is not None],
    )


def _pin(held: Pin, over: list[int]) -> PinnedBy:
    return PinnedBy(id=held.id, by=held.pinned_by, at=held.pinned_at, reason=held.reason, until=held.expires_at, over=over)


def _origin(row: Any, said: Scalar, value: Scalar) -> Origin:
    return Origin(
        value=said, source=row.source, key=row.key, file=row.stream, line=row.line, loaded_at=row.landed_at,
        changed_at=row.event_at, agrees=said == value, deleted=row.deleted,
    )  # fmt: skip


def _said(entity: type[Master], field: Field, row: Any, referred: Mapping[Key, Any]) -> Scalar:
    """What a record says, as it was compared: references as golden ids, a name that stands in where there is none."""
    key = _reference(entity, field, row)
    if key is None:
        return typed(entity, row.clean, [field.name])[field.name]
    other = referred.get(key)
    if other is None:
        return None
    return str(other.golden_id) if field.mark(Refers) and other.golden_id else other.name if field.mark(NameOf) else None


def _reference(entity: type[Master], field: Field, row: Any) -> Key | None:
    """The record that a field's value is taken from, where it is not the field's own."""
    refers, named = field.mark(Refers), field.mark(NameOf)
    if named is not None and field.name not in row.clean:
        to = golden_fields(entity)[named.field]
        refers, name = to.mark(Refers), to.name
    else:
        name = field.name
    return (refers.to, row.source, row.clean[name]) if refers is not None and name in row.clean else None
