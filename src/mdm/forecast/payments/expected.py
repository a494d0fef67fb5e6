"""When each open invoice should be paid.

In:  the facts invoice, payment and write_off, the golden records of customer, the holds.
Out: source, key, expected_on (as likely before as after), expected_p10, expected_p90 (the days before and after which one in ten falls),
     never_probability, customer_invoices (those of the customer that stand behind it: paid, lost or overdue), rests_on (`customer`,
     `segment`, `all`, or `statutory default` where nothing was ever paid). By source and key.

The days hold if the invoice is paid at all; they are later than `as_of`. What is disputed, and what a payment was too small by, waits as
disputes do.
"""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mdm.forecast.frames import Frames
from mdm.forecast.payments.habits import DAYS, DISPUTE, FIRST, Array, Ints, delays
from mdm.forecast.payments.outcomes import SEGMENTS, outcomes
from mdm.forecast.payments.payers import ENOUGH, OLDEST, Payers, days_of, learned

QUANTILES = (0.1, 0.5, 0.9)
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("key", pa.string()),
        ("expected_on", pa.date32()),
        ("expected_p10", pa.date32()),
        ("expected_p90", pa.date32()),
        ("never_probability", pa.float64()),
        ("customer_invoices", pa.int64()),
        ("rests_on", pa.string()),
    ]
)
_AT_ONCE = 20_000


def expected(frames: Frames, settlement: pa.Table, as_of: date) -> pa.Table:
    """When every invoice that is open on a day should be paid; `settlement` is that of `settlements` for the day."""
    known = outcomes(frames, settlement, as_of)
    return expectations(still_open(known), learned(known, as_of), as_of)


def still_open(known: pa.Table) -> pa.Table:
    """Of what became of invoices, those of which something is left, what a payment was too small by included."""
    return known.filter(pc.or_(pc.equal(known["outcome"], "open"), known["short"]))


def expectations(left: pa.Table, how: Payers, as_of: date) -> pa.Table:
    """When open invoices should be paid by how customers pay."""
    rows, after, disputed = standing(left, how, as_of)
    due = days_of(left["due_on"])
    parts = [_quantiles(how, rows[of], after[of], disputed[of]) for of in _slices(len(rows))]
    cells, never = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else (np.empty((0, 3), np.int64), np.empty(0))
    days = how.settled(rows, due[:, None] + cells + FIRST + np.maximum(after - OLDEST, 0)[:, None]).astype(np.int32)
    behind, rests = _behind(how, rows, left["segment"].to_pylist())
    columns = [left["source"], left["key"], *(pa.array(days[:, at]).cast(pa.date32()) for at in (1, 0, 2)), never, behind, rests]
    return pa.table([pa.chunked_array([pa.array(one)]) if isinstance(one, np.ndarray) else one for one in columns], schema=SCHEMA)


def standing(left: pa.Table, how: Payers, as_of: date) -> tuple[Ints, Ints, "np.typing.NDArray[np.bool_]"]:
    """Of open invoices the rows of `how`, the delays that they have reached, and whether they are disputed."""
    rows = how.rows(left["customer_id"].to_pylist(), left["segment"].to_pylist())
    disputed = pc.or_(left["disputed"], left["short"]).to_numpy(zero_copy_only=False)
    return rows, how.last_seen(rows, as_of) - days_of(left["due_on"]), disputed.astype(bool)


def _quantiles(how: Payers, rows: Ints, after: Ints, disputed: "np.typing.NDArray[np.bool_]") -> tuple[Ints, Array]:
    """Of open invoices the cells of the quantiles, and how likely it is that they are never paid."""
    kinds, which = np.unique(np.stack([rows, disputed]), axis=1, return_inverse=True)
    plain, held = delays(how.habits, kinds[0]), delays(how.habits, kinds[0], DISPUTE)
    sums = np.where(kinds[1][:, None] == 1, held, plain)[which.ravel()].cumsum(1)
    reached = np.clip(np.minimum(after, OLDEST) - FIRST + 1, 0, len(DAYS))
    before = np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)[np.arange(len(sums)), reached]
    ever = sums[:, -2]
    wanted = before[:, None] + (ever - before)[:, None] * np.array(QUANTILES)
    cells = np.stack([(sums[:, :-1] < wanted[:, [at]]).sum(1) for at in range(len(QUANTILES))], axis=1)
    never = (1.0 - ever) / np.maximum(1.0 - before, 1e-12)
    return np.clip(np.maximum(cells, reached[:, None]), 0, len(DAYS) - 1), np.round(np.clip(never, 0.0, 1.0), 4)


def _behind(how: Payers, rows: Ints, segments: list[str]) -> tuple[Ints, list[str]]:
    """How many invoices of the customer stand behind each, and what it rests on."""
    own = rows < len(how.row_of)
    seen = np.where(own, how.habits.seen[rows], 0)
    of_segment = how.habits.seen[len(how.row_of) + np.array([SEGMENTS.index(name) for name in segments], dtype=np.int64)]
    everybody = "all" if how.habits.seen[-1] else "statutory default"
    rests = ["customer" if mine else "segment" if others >= ENOUGH else everybody for mine, others in zip(seen, of_segment, strict=True)]
    return seen, rests


def _slices(count: int) -> list[slice]:
    return [slice(start, start + _AT_ONCE) for start in range(0, count, _AT_ONCE)]
