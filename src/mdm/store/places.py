"""Where records were read: the load, the file and the line that brought the version in force."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, text

from mdm.entities import ENTITIES
from mdm.store.moment import NOW, Moment


class Key(NamedTuple):
    """How a record is named."""

    entity: str
    source: str
    key: str


class Place(NamedTuple):
    """Where a record was read."""

    load: int
    file: str
    line: int | None


def of(db: Connection, keys: Collection[Key], moment: Moment = NOW) -> dict[Key, Place]:
    """By record, those that there were."""
    query = f"""SELECT r.entity, r.source, r.key, l.id, l.stream, v.line
        FROM unnest(CAST(:entities AS text[]), CAST(:sources AS text[]), CAST(:keys AS text[])) AS k (entity, source, key)
        JOIN record r USING (entity, source, key) {moment.version()} JOIN load l ON l.id = v.load_id ORDER BY 1, 2, 3"""
    given = {"entities": [key.entity for key in keys], "sources": [key.source for key in keys], "keys": [key.key for key in keys]}
    return {Key(*row[:3]): Place(*row[3:]) for row in db.execute(text(query), given)}


def named(db: Connection, names: Collection[tuple[str, str]], moment: Moment = NOW) -> dict[Key, Place]:
    """Records by source and key, of whatever entity: a deal is landed as a project record too."""
    return of(db, [Key(entity, *name) for name in names for entity in ENTITIES], moment)
