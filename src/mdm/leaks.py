"""Findings over time: what is found is kept, what is mended is fixed with what came back of it, what returns is open again; and what people say.

A finding is open until somebody accepts it, calls it a false alarm with a reason, or says that it is fixed. One that is found no more, because
the data were mended, becomes fixed by itself; a false alarm stays one. One that was fixed and is found again is open again; one that somebody
called fixed is believed until the data say so too. The newest mark counts, all are kept. A finding about a customer or a project that is merged
goes on under the id of the survivor, with what was said of it last.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, cast

from sqlalchemy import Connection

from mdm.errors import BadInput, NotFound
from mdm.forecast.findings import SCHEMA, recovered, subject
from mdm.forecast.findings import findings as look
from mdm.forecast.frames import Frames
from mdm.hub import Hub
from mdm.store import audit, facts, findings, golden, moment
from mdm.store.findings import HUB, STATES, Known, Mark, State
from mdm.store.moment import Moment

Row = Mapping[str, Any]
MENDED, RETURNED = "the data say so", "it is found again"


def refresh(db: Connection, rows: Sequence[Row], frames: Callable[[], Frames], as_of: date, currency: str, at: datetime) -> None:
    """Bring what is known of findings to what is found now. In: rows of `findings` of the day, what they were found in, known at which instant."""
    if findings.present(db) == {row["id"]: row["amount"] for row in rows}:
        return
    findings.alone(db)
    before = findings.known(db)
    here = {row["id"]: row for row in rows}
    returned = [one for one in before.values() if one.gone_at is not None and one.id in here and one.state == "fixed"]
    mended = [one for one in before.values() if one.gone_at is None and one.id not in here]
    findings.found(db, [{"id": row["id"], "slug": row["slug"], "amount": row["amount"], "content": _plain(row)} for row in rows], at)
    findings.gone(db, [one.id for one in mended], at)
    led = _led(db, mended, [row for row in rows if row["id"] not in before])
    mended = [one for one in mended if one.id not in {each.id for several in led.values() for each in several}]
    for known_again, several in led.items():
        findings.carry(db, [one.id for one in several], known_again)
    back = recovered(frames(), [_sought(one) for one in mended], as_of, currency) if mended else {}
    findings.mark(
        db,
        [
            *(Mark(one.id, "open", _owner(one), RETURNED, None, HUB, at) for one in returned),
            *(Mark(one.id, "fixed", _owner(one), MENDED, back.get(one.id), HUB, at) for one in mended if one.state != "false_alarm"),
            *(replace(mark, finding_id=known_again) for known_again, several in led.items() if (mark := _newest(several)) is not None),
        ],
    )


def _led(db: Connection, gone: Sequence[Known], new: Sequence[Row]) -> dict[str, list[Known]]:
    """New findings that are old ones under the id of a customer or a project into which theirs was merged: what was said of those holds on."""
    survivor = golden.survivors(db, [subject(one.content) for one in gone])
    heirs = {(row["slug"], subject(row)): row["id"] for row in reversed(new)}
    led = defaultdict[str, list[Known]](list)
    for one in gone:
        heir = heirs.get((one.content["slug"], survivor.get(subject(one.content), "")))
        if heir is not None:
            led[heir].append(one)
    return led


def _newest(several: Iterable[Known]) -> Mark | None:
    """What was said last."""
    return max((one.mark for one in several if one.mark is not None), key=lambda mark: mark.at, default=None)


def current(hub: Hub) -> list[Row]:
    """What is found today and what is fixed, with what is known of it; what is found is kept."""
    as_of, currency = hub.now().date(), hub.settings.currency
    with hub.engine.begin() as db:
        at = moment.settled(db)
        frames = facts.frames(db, Moment(at))
        rows = look(frames, as_of, currency).to_pylist()
        refresh(db, rows, lambda: frames, as_of, currency, at)
        known = findings.known(db)
    return [*standing(rows, known), *fixed(known, (row["id"] for row in rows))]


def judge(
    db: Connection,
    finding_id: str,
    by: str,
    now: datetime,
    *,
    state: State | None = None,
    owner: str | None = None,
    reason: str | None = None,
) -> Known:
    """Say what a finding is, or who is to act on it. Raises NotFound, and BadInput on a false alarm without a reason."""
    findings.alone(db)
    found = findings.known(db, ids=[finding_id]).get(finding_id)
    if found is None:
        raise NotFound(f"there is no finding {finding_id!r}")
    if state is None and owner is None:
        raise BadInput("say the state, the owner, or both")
    if state is not None and state not in STATES:
        raise BadInput(f"{state!r} is no state of a finding; there are {', '.join(STATES)}")
    if state == "false_alarm" and not (reason or "").strip():
        raise BadInput("a false alarm needs a reason, for whoever sees the check again")
    back = found.mark.recovered if found.mark is not None and (state or found.state) == "fixed" else None
    mark = Mark(finding_id, state or found.state, owner or _owner(found), reason, back, by, now)
    findings.mark(db, [mark])
    audit.append(db, by, "finding.marked", finding_id, {"state": mark.state, "owner": mark.owner, "reason": reason}, now)
    return replace(found, mark=mark)


def standing(rows: Iterable[Row], known: Mapping[str, Known]) -> list[dict[str, Any]]:
    """Rows of `findings` with what is known of them: state, reason, marked_by, marked_at, first_seen, recovered; their owner, where one was named."""
    return [_told(row, known.get(row["id"])) for row in rows]


def fixed(known: Mapping[str, Known], here: Iterable[str]) -> list[dict[str, Any]]:
    """Those that are known and not found any more, as they were found last."""
    found = set(here)
    return [_told(_typed(one.content), one) for one in known.values() if one.id not in found and one.gone_at is not None]


@dataclass(frozen=True)
class Total:
    """What findings come to."""

    by: Literal["check", "owner", "all"]
    value: str | None
    open: int
    at_risk: Decimal
    """Of the open ones."""
    accepted: Decimal
    fixed: int
    recovered: Decimal
    link_first: int
    """Of which first a link is to be reviewed; they are in no sum."""


def totals(rows: Sequence[Row]) -> list[Total]:
    """In all, by check and by owner, most at risk first. In: rows as `standing` and `fixed` give them."""
    groups: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        for group in (("all", None), ("check", row["slug"]), ("owner", row["owner"] or row["owner_role"])):
            groups[group].append(row)
    found = [_total(by, value, some) for (by, value), some in groups.items()]
    order = {"all": 0, "check": 1, "owner": 2}
    return sorted(found, key=lambda one: (order[one.by], -one.at_risk, one.value or ""))


def _total(by: str, value: str | None, rows: Sequence[Row]) -> Total:
    sure = [row for row in rows if not row["link_first"]]

    def amount(state: str, name: str) -> Decimal:
        return sum((row[name] or Decimal(0) for row in sure if row["state"] == state), Decimal(0))

    count = {state: sum(row["state"] == state for row in sure) for state in STATES}
    doubtful = sum(row["link_first"] and row["state"] == "open" for row in rows)
    return Total(
        cast(Literal["check", "owner", "all"], by), value, count["open"], amount("open", "amount"), amount("accepted", "amount"),
        count["fixed"], amount("fixed", "recovered"), doubtful,
    )  # fmt: skip


def _told(row: Row, known: Known | None) -> dict[str, Any]:
    mark = None if known is None else known.mark
    return {
        **row,
        "owner": (mark.owner if mark is not None else None) or row["owner"],
        "state": "open" if known is None else known.state,
        "reason": None if mark is None else mark.reason,
        "marked_by": None if mark is None else mark.actor,
        "marked_at": None if mark is None else mark.at,
        "first_seen": None if known is None else known.first_seen,
        "recovered": None if mark is None else mark.recovered,
    }


def _owner(known: Known) -> str | None:
    return known.mark.owner if known.mark is not None else None


def _plain(row: Row) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal | date) else value for name, value in row.items()}


def _typed(content: Row) -> dict[str, Any]:
    """A row as `findings` gave it: what JSON has as text, in its type again."""
    row = {name: content.get(name) for name in SCHEMA.names}
    row["amount"] = None if row["amount"] is None else Decimal(str(row["amount"]))
    row["since"] = None if row["since"] is None else date.fromisoformat(str(row["since"]))
    return row


def _sought(known: Known) -> dict[str, Any]:
    return {**_typed(known.content), "first_seen": known.first_seen.date()}
