"""What records have referred to over time, and the sites of customers."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from matching.frames import literal
from mdm.relations import Reference
from mdm.store.moment import NOW, Moment


def references(
    db: Connection, entity: str, field: str, to: str, moment: Moment = NOW, *, of: Collection[str] = (), at: Collection[str] = ()
) -> list[Reference]:
    """Every version, by record and event time, of the records of golden records `of`, and of those that ever referred to one of `at`.

    `field` of `entity` names a record of `to`. Only knowledge is asked of the moment: what held when follows from the answer.
    """
    known = Moment(moment.known_at)
    landed = "" if moment.known_at is None else "AND v.landed_at <= :known_at"
    happened = "coalesce(v.event_at, v.landed_at)"
    name = literal(field)
    query = f"""
        WITH chosen AS (
            SELECT m.record_id FROM member m WHERE m.golden_id = ANY(CAST(:of AS text[])) AND m.entity = :entity AND {known.in_force("m")}
            UNION
            SELECT v.record_id FROM member m JOIN record a ON a.id = m.record_id
            JOIN record_version v ON v.clean ? {name} AND v.clean->>{name} = a.key
            JOIN record r ON r.id = v.record_id AND r.entity = :entity AND r.source = a.source
            WHERE m.golden_id = ANY(CAST(:at AS text[])) AND m.entity = :to AND {known.in_force("m")} {landed}
        )
        SELECT r.id, r.source, r.key, m.golden_id, {happened}, CASE WHEN NOT v.deleted THEN n.golden_id END
        FROM chosen JOIN record r ON r.id = chosen.record_id
        JOIN member m ON m.record_id = r.id AND {known.in_force("m")}
        JOIN record_version v ON v.record_id = r.id {landed}
        LEFT JOIN record b ON b.entity = :to AND b.source = r.source AND b.key = v.clean->>{name}
        LEFT JOIN member n ON n.record_id = b.id AND {known.in_force("n")}
        ORDER BY r.id, {happened}, v.id"""
    given = {"entity": entity, "to": to, "of": sorted(of), "at": sorted(at), "known_at": moment.known_at}
    return [Reference(*row) for row in db.execute(text(query), given)]


def referring(db: Connection, entity: str, field: str, moment: Moment = NOW) -> list[str]:
    """Golden records of which a record has ever said the field."""
    query = f"""SELECT DISTINCT m.golden_id FROM record_version v JOIN member m ON m.record_id = v.record_id
        WHERE v.clean ? {literal(field)} AND m.entity = :entity AND {moment.in_force("m")} ORDER BY 1"""
    return list(db.execute(text(query), {"entity": entity}).scalars())


def sites(db: Connection, customer: str, moment: Moment = NOW) -> Sequence[Row[*tuple[Any, ...]]]:
    """The records of a customer, each an establishment or an address of it: source, key, siret, street, postcode, city, country, since."""
    said = ", ".join(f"v.clean->>{literal(name)} AS {name}" for name in ("name", "siret", "street", "postcode", "city", "country"))
    landed = "" if moment.known_at is None else "AND o.landed_at <= :known_at"
    query = f"""SELECT r.source, r.key, {said}, (
            SELECT min(coalesce(o.event_at, o.landed_at)) FROM record_version o WHERE o.record_id = r.id {landed}) AS since
        FROM member m JOIN record r ON r.id = m.record_id {moment.version()}
        WHERE m.golden_id = :golden_id AND {moment.in_force("m")} AND NOT v.deleted ORDER BY r.source, r.key"""
    return db.execute(text(query), {"golden_id": customer, "known_at": moment.known_at}).all()
