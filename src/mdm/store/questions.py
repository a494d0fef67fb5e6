"""What there is to ask stewards, worked out from pairs, golden records and quarantine in set-based SQL.

Four kinds of questions: pairs that are too unsure to be joined or were joined on thin evidence, golden records that look broken, values
that were set aside, pins that a source speaks against. What is no question any more is closed as `gone`, and opened where it comes back.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, text

from matching.declaration import Field, fields
from matching.frames import literal
from mdm.entities import Master, SameAs
from mdm.queue import BRIDGE, FLOOR, LARGE, THIN, Kind, bridges
from mdm.settings import Settings
from mdm.store import stakes
from mdm.store.bulk import copy_in, read, temporary, weigh

PIN = 0.5
"""How open it is whether a pin still holds: it was right once, and a source has said something new since."""
RULED = 1000.0
"""Bits that a ruling is worth beside pairs."""
_JOINED = pa.schema([("golden_id", pa.string()), ("left_id", pa.int64()), ("right_id", pa.int64()), ("weight", pa.float64())])


class Refreshed(NamedTuple):
    """What has become of tasks: new or back, with other figures, moot."""

    opened: int
    changed: int
    gone: int


class PinDoubt(NamedTuple):
    """A pin that a source has come to agree with or to differ from; `said` is what each record says, by source:key."""

    pin_id: int
    golden_id: str
    field: str
    said: dict[str, str | None]


def refresh(
    db: Connection, entity: type[Master], settings: Settings, now: datetime, records: pa.ChunkedArray | pa.Array | None = None
) -> Refreshed:
    """Bring the tasks of an entity to what is matched, ruled and hung on it now: all of them, or those that some records touch.

    In: `records`, the numbers of those whose pairs, membership, rulings, facts or problems have changed; None for all. Both ways lead to
    the same tasks.
    """
    whole = records is None
    thin = settings.match_bits + THIN
    values: dict[str, Any] = {
        "entity": entity.entity, "match": settings.match_bits, "review": settings.review_bits, "thin": thin, "large": LARGE,
    }  # fmt: skip
    if records is not None:
        _bound(db, records)
    for statement in (
        *_near(whole),
        _WANTED,
        _PAIRS,
        _STRONGEST,
        "ANALYZE strongest",
        _THIN,
        _SIGNS,
        _CONTRADICTED,
        _large(whole),
        *_vetoes(entity, whole),
    ):
        db.execute(text(statement), values)
    _hold_bridges(db, settings.match_bits, max(BRIDGE, thin))
    for statement in (_CLUSTERS, _values(whole)):
        db.execute(text(statement), values)
    done = _settled(db, entity, settings, now, ("pair", "cluster", "value"), whole)
    for name in ("near", "ruled", "strongest", "signs", *(() if whole else ("scope", "touched"))):
        db.execute(text(f"DROP TABLE {name}"))
    return done


def question_pins(db: Connection, entity: type[Master], settings: Settings, now: datetime, doubts: Sequence[PinDoubt]) -> Refreshed:
    """Bring the tasks about pins to those of the entity that are in doubt now; the others are closed."""
    if not doubts:
        over = """UPDATE task SET status = 'gone', closed_at = :now, leased_by = NULL, leased_until = NULL
                  WHERE entity = :entity AND kind = 'pin' AND status IN ('open', 'second')"""
        return Refreshed(0, 0, db.execute(text(over), {"entity": entity.entity, "now": now}).rowcount)
    db.execute(text(_WANTED))
    rows = [
        {"pin": doubt.pin_id, "golden": doubt.golden_id, "open": PIN, "detail": json.dumps({"field": doubt.field, "said": doubt.said})}
        for doubt in doubts
    ]
    if rows:
        statement = """INSERT INTO wanted (kind, subject, golden_id, part, detail, uncertainty)
                       VALUES ('pin', 'pin ' || CAST(:pin AS bigint), :golden, :golden, CAST(:detail AS jsonb), :open)"""
        db.execute(text(statement), rows)
    return _settled(db, entity, settings, now, ("pin",), whole=True)


def _bound(db: Connection, records: pa.ChunkedArray | pa.Array) -> None:
    """Tables touched (golden_id): what the records are in or ever were; and scope (record_id): they, and what is in those now."""
    temporary(db, "altered", {"record_id": "bigint"}, pa.table({"record_id": records}))
    for statement in (
        """CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
           SELECT m.golden_id FROM altered JOIN member m USING (record_id) WHERE m.known_to IS NULL
           UNION SELECT m.golden_id FROM altered JOIN member m USING (record_id) WHERE m.known_to IS NOT NULL""",
        """CREATE TEMPORARY TABLE scope ON COMMIT DROP AS SELECT record_id FROM altered
           UNION SELECT m.record_id FROM touched JOIN member m USING (golden_id) WHERE m.known_to IS NULL""",
        "DROP TABLE altered",
        "ANALYZE touched",
        "ANALYZE scope",
    ):
        db.execute(text(statement))


def _near(whole: bool) -> tuple[str, ...]:
    """Tables near: pairs with the golden records of their ends; and ruled: rulings in force, likewise."""
    pairs = _touching("edge", "weight", whole)
    rulings = _touching("decision", "verdict", whole, " AND d.revoked_at IS NULL")
    ends = (
        """JOIN member a ON a.record_id = left_id AND a.known_to IS NULL JOIN member b ON b.record_id = right_id AND b.known_to IS NULL"""
    )
    golden = """a.golden_id AS left_golden, b.golden_id AS right_golden, a.golden_id = b.golden_id AS together"""
    return (
        f"CREATE TEMPORARY TABLE near ON COMMIT DROP AS SELECT left_id, right_id, weight, {golden} FROM ({pairs}) AS e {ends}",
        f"CREATE TEMPORARY TABLE ruled ON COMMIT DROP AS SELECT left_id, right_id, verdict, {golden} FROM ({rulings}) AS e {ends}",
        "ANALYZE near",
        "ANALYZE ruled",
    )


def _touching(table: str, what: str, whole: bool, condition: str = "") -> str:
    """Pairs of an entity, or those that an end of which is in scope: from each end by its index."""
    chosen = f"SELECT d.left_id, d.right_id, d.{what} FROM {table} d"
    if whole:
        return f"{chosen} WHERE d.entity = :entity{condition}"
    return " UNION ".join(
        f"{chosen} JOIN scope s ON s.record_id = d.{side}_id WHERE d.entity = :entity{condition}" for side in ("left", "right")
    )


_OPEN = "2 / (1 + power(2, least(abs({weight}), 1000)))"
"""`queue.uncertainty` in SQL."""

_WANTED = """
    CREATE TEMPORARY TABLE wanted (
        kind text, subject text, left_id bigint, right_id bigint, golden_id text, detail jsonb, uncertainty float8,
        part text, other text) ON COMMIT DROP"""
"""Tasks that there are to be. What hangs on one is what hangs on its part: a golden record, or `#` and a record; of two parts, the lesser."""

# Of two golden records the likeliest pair is asked, once: what a steward rules on it holds for the others.
_PAIRS = f"""
    INSERT INTO wanted (kind, subject, left_id, right_id, detail, uncertainty, part, other)
    SELECT DISTINCT ON (part, other) 'pair', format('pair %s %s', left_id, right_id), left_id, right_id,
           jsonb_build_object('together', false, 'bits', round(weight::numeric, 4)), {_OPEN.format(weight="weight")}, part, other
    FROM (SELECT *, least(left_golden, right_golden) COLLATE "C" AS part, greatest(left_golden, right_golden) COLLATE "C" AS other
          FROM near WHERE NOT together AND weight >= :review AND weight < :match) AS apart
    WHERE NOT EXISTS (SELECT FROM ruled r WHERE least(r.left_golden, r.right_golden) = part AND greatest(r.left_golden, r.right_golden) = other)
    ORDER BY part, other, weight DESC, left_id, right_id"""

_STRONGEST = f"""
    CREATE TEMPORARY TABLE strongest ON COMMIT DROP AS
    WITH held AS (
        SELECT left_id, right_id, weight FROM near WHERE together AND weight >= :match
        UNION ALL SELECT left_id, right_id, {RULED} FROM ruled WHERE together AND verdict = 'same')
    SELECT record_id, max(weight) AS weight
    FROM (SELECT left_id AS record_id, weight FROM held UNION ALL SELECT right_id, weight FROM held) AS ends GROUP BY record_id"""

# A thin pair matters where nothing stronger holds one of its records.
_THIN = f"""
    INSERT INTO wanted (kind, subject, left_id, right_id, golden_id, detail, uncertainty, part, other)
    SELECT 'pair', format('pair %s %s', left_id, right_id), left_id, right_id, left_golden,
           jsonb_build_object('together', true, 'bits', round(n.weight::numeric, 4)), {_OPEN.format(weight="n.weight")},
           '#' || left_id, '#' || right_id
    FROM near n JOIN strongest a ON a.record_id = left_id JOIN strongest b ON b.record_id = right_id
    WHERE together AND n.weight >= :match AND n.weight < :thin AND (n.weight >= a.weight OR n.weight >= b.weight)
      AND NOT EXISTS (SELECT FROM ruled r WHERE r.left_id = n.left_id AND r.right_id = n.right_id)"""

_SIGNS = """
    CREATE TEMPORARY TABLE signs (golden_id text, sign text, field text, left_id bigint, right_id bigint, uncertainty float8)
    ON COMMIT DROP"""
"""What makes a golden record look broken, with the two records that show it."""

# Two records that speak against each other are nothing strange where a third one vouches for both more than they object: a record with few
# fields has little to agree with another such. What no third one outweighs is a chain.
_CONTRADICTED = f"""
    INSERT INTO signs
    WITH against AS (
        SELECT * FROM near n WHERE together AND weight < 0
          AND NOT EXISTS (SELECT FROM ruled r WHERE r.left_id = n.left_id AND r.right_id = n.right_id)),
    held AS (
        SELECT left_id, right_id, weight FROM near WHERE together AND weight >= :match AND left_golden IN (SELECT left_golden FROM against)
        UNION ALL SELECT left_id, right_id, {RULED} FROM ruled WHERE together AND verdict = 'same'),
    links AS (SELECT left_id AS one, right_id AS other, weight FROM held UNION ALL SELECT right_id, left_id, weight FROM held),
    vouched AS (
        SELECT a.left_id, a.right_id FROM against a JOIN links x ON x.one = a.left_id JOIN links y ON y.one = a.right_id AND y.other = x.other
        WHERE least(x.weight, y.weight) >= -a.weight)
    SELECT DISTINCT ON (left_golden) left_golden, 'contradiction', NULL, left_id, right_id, 1 - 1 / (1 + power(2, least(-weight, 1000)))
    FROM against a
    WHERE (SELECT count(*) FROM member m WHERE m.golden_id = left_golden AND m.known_to IS NULL) > 2
      AND NOT EXISTS (SELECT FROM vouched v WHERE v.left_id = a.left_id AND v.right_id = a.right_id)
    ORDER BY left_golden, weight, left_id, right_id"""

_CLUSTERS = """
    INSERT INTO wanted (kind, subject, golden_id, detail, uncertainty, part)
    SELECT 'cluster', 'cluster ' || golden_id, golden_id,
           jsonb_build_object(
               'members', (SELECT count(*) FROM member m WHERE m.golden_id = signs.golden_id AND m.known_to IS NULL),
               'signs', jsonb_agg(jsonb_build_object('sign', sign, 'field', field, 'left', left_id, 'right', right_id)
                                  ORDER BY uncertainty DESC, sign, field)),
           max(uncertainty), golden_id
    FROM signs GROUP BY golden_id"""


def _large(whole: bool) -> str:
    return f"""
        INSERT INTO signs SELECT golden_id, 'large', NULL, NULL, NULL, 0.25
        FROM member m {"" if whole else "JOIN touched USING (golden_id)"} WHERE entity = :entity AND known_to IS NULL
        GROUP BY golden_id HAVING count(*) >= :large"""


def _vetoes(entity: type[Master], whole: bool) -> list[str]:
    """Two values of a field of which there can be one. Only a person or a source can have put them together, so only theirs are read."""
    merged = [field.name for field in fields(entity) if field.mark(SameAs)]
    forced = "SELECT left_golden AS golden_id FROM ruled WHERE together AND verdict = 'same'" + "".join(
        f""" UNION SELECT m.golden_id FROM {"" if whole else "touched JOIN"} member m {"" if whole else "USING (golden_id)"}
             JOIN record r ON r.id = m.record_id JOIN record_version v ON v.id = r.version_id AND v.clean ? {literal(name)}
             WHERE m.entity = :entity AND m.known_to IS NULL"""
        for name in merged
    )
    return [_veto(field, forced) for field in fields(entity) if field.vetoes]


def _veto(field: Field, forced: str) -> str:
    value = f"v.clean->>{literal(field.name)}"
    return f"""
        INSERT INTO signs
        SELECT golden_id, 'veto', {literal(field.name)}, least(one, other), greatest(one, other), 1 FROM (
            SELECT m.golden_id, (array_agg(m.record_id ORDER BY {value} COLLATE "C", m.record_id))[1] AS one,
                   (array_agg(m.record_id ORDER BY {value} COLLATE "C" DESC, m.record_id))[1] AS other
            FROM ({forced}) AS forced JOIN member m ON m.golden_id = forced.golden_id AND m.known_to IS NULL
            JOIN record r ON r.id = m.record_id JOIN record_version v ON v.id = r.version_id AND {value} IS NOT NULL
            GROUP BY m.golden_id HAVING count(DISTINCT {value}) > 1) AS held
        WHERE NOT EXISTS (SELECT FROM ruled r WHERE r.left_id = least(one, other) AND r.right_id = greatest(one, other))"""


def _hold_bridges(db: Connection, match: float, below: float) -> None:
    """Signs of golden records that one weak pair holds together."""
    joined = f"""SELECT left_golden, left_id, right_id, weight FROM near WHERE together AND weight >= {match!r}
                 UNION ALL SELECT left_golden, left_id, right_id, {RULED} FROM ruled WHERE together AND verdict = 'same'"""
    found = read(
        db,
        f"""SELECT * FROM ({joined}) AS j WHERE left_golden IN (
                SELECT left_golden FROM ({joined}) AS k GROUP BY 1 HAVING count(*) > 2 AND min(weight) < {below!r})""",
        _JOINED,
    )
    signs = bridges(zip(*(found[name].to_pylist() for name in found.column_names), strict=True), below)
    if signs:
        columns = ("golden_id", "sign", "left_id", "right_id", "uncertainty")
        rows = [(sign.golden_id, "bridge", sign.left_id, sign.right_id, sign.uncertainty) for sign in signs]
        copy_in(db, "signs", pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))))


def _values(whole: bool) -> str:
    """Values that were set aside of the versions in force; more open where the golden record has none in their place."""
    start = "problem p JOIN record r" if whole else "scope s JOIN record r ON r.id = s.record_id JOIN problem p"
    return f"""
        INSERT INTO wanted (kind, subject, left_id, golden_id, detail, uncertainty, part)
        SELECT 'value', 'value ' || p.id, r.id, m.golden_id,
               jsonb_build_object('field', p.field, 'value', p.value, 'reason', p.reason, 'fix', p.fix),
               CASE WHEN g.data->>p.field IS NULL THEN 0.5 ELSE 0.1 END, m.golden_id
        FROM {start} ON r.entity = p.entity AND r.source = p.source AND r.key = p.key
        JOIN record_version v ON v.id = r.version_id AND v.load_id <= p.last_load_id
        JOIN member m ON m.record_id = r.id AND m.known_to IS NULL
        LEFT JOIN golden_version g ON g.golden_id = m.golden_id AND g.known_to IS NULL AND g.entity = :entity
        WHERE p.entity = :entity AND p.severity = 'quarantined' AND NOT r.deleted"""


_HUNG = """
    CREATE TEMPORARY TABLE hung ON COMMIT DROP AS
    WITH parts AS (SELECT part FROM wanted UNION SELECT other FROM wanted WHERE other IS NOT NULL),
    held AS (
        SELECT part, m.record_id FROM parts JOIN member m ON m.golden_id = part AND m.known_to IS NULL
        UNION ALL SELECT part, substr(part, 2)::bigint FROM parts WHERE part LIKE '#%')
    SELECT part, source, key FROM held JOIN record r ON r.id = record_id"""
"""What the facts are looked up of: part, source, key."""

_RANKED = f"""
    CREATE TEMPORARY TABLE ranked ON COMMIT DROP AS
    SELECT w.*, greatest(w.stake, {FLOOR}) * w.uncertainty AS rank, t.status AS was
    FROM (SELECT kind, subject, left_id, right_id, golden_id, coalesce(detail, '{{}}') AS detail, uncertainty,
                 CASE WHEN other IS NULL THEN coalesce(a.stake, 0) ELSE least(coalesce(a.stake, 0), coalesce(b.stake, 0)) END AS stake
          FROM wanted LEFT JOIN stakes a USING (part) LEFT JOIN stakes b ON b.part = other) AS w
    LEFT JOIN task t USING (subject)
    WHERE t.id IS NULL OR t.status = 'gone' OR (t.status = 'done' AND (t.kind = 'pair' OR t.detail <> w.detail))
       OR (t.status <> 'done' AND (t.golden_id, t.detail, t.stake, t.uncertainty)
                                  IS DISTINCT FROM (w.golden_id, w.detail, w.stake, w.uncertainty::real))"""
"""What is new, back or different. What was done comes back where a ruling on a pair is gone, or where there is more to it than was judged."""

_KEPT = """
    INSERT INTO task AS t (entity, kind, subject, left_id, right_id, golden_id, detail, stake, uncertainty, rank, created_at)
    SELECT :entity, kind, subject, left_id, right_id, golden_id, detail, stake, uncertainty, rank, :now FROM ranked ORDER BY rank DESC, subject
    ON CONFLICT (subject) DO UPDATE SET
        golden_id = excluded.golden_id, detail = excluded.detail, stake = excluded.stake, uncertainty = excluded.uncertainty,
        rank = excluded.rank, closed_at = NULL,
        round = t.round + (t.status = 'done')::int,
        skips = CASE WHEN t.status = 'done' THEN 0 ELSE t.skips END,
        created_at = CASE WHEN t.closed_at IS NULL THEN t.created_at ELSE excluded.created_at END,
        status = CASE WHEN t.status <> 'gone' THEN CASE t.status WHEN 'done' THEN 'open' ELSE t.status END
                      WHEN EXISTS (SELECT FROM opinion o WHERE o.task_id = t.id AND o.round = t.round) THEN 'second' ELSE 'open' END"""

_IN_SCOPE = """
    AND t.id IN (SELECT k.id FROM scope JOIN task k ON k.left_id = record_id UNION SELECT k.id FROM scope JOIN task k ON k.right_id = record_id
                 UNION SELECT k.id FROM touched JOIN task k ON k.subject = 'cluster ' || touched.golden_id)"""


def _settled(db: Connection, entity: type[Master], settings: Settings, now: datetime, kinds: Sequence[Kind], whole: bool) -> Refreshed:
    """Bring the tasks to the table wanted."""
    db.execute(text(_HUNG))
    db.execute(text("CREATE INDEX ON wanted (subject)"))
    db.execute(text("ANALYZE wanted, hung"))
    stakes.weigh(db, entity, settings.currency)
    moot = f"""UPDATE task t SET status = 'gone', closed_at = :now, leased_by = NULL, leased_until = NULL
               WHERE t.entity = :entity AND t.kind = ANY(:kinds) AND t.status IN ('open', 'second') {"" if whole else _IN_SCOPE}
                 AND NOT EXISTS (SELECT FROM wanted w WHERE w.subject = t.subject)"""
    gone = db.execute(text(moot), {"entity": entity.entity, "now": now, "kinds": list(kinds)}).rowcount
    db.execute(text(_RANKED))
    counted = "SELECT count(*) FILTER (WHERE was IS NULL OR was IN ('done', 'gone')), count(*) FROM ranked"
    opened, written = db.execute(text(counted)).one()
    db.execute(text(_KEPT), {"entity": entity.entity, "now": now})
    weigh(db, written, "task")
    for name in ("wanted", "hung", "stakes", "ranked"):
        db.execute(text(f"DROP TABLE {name}"))
    return Refreshed(opened, written - opened, gone)
