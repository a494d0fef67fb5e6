"""How old what is owed is, and how many days of sales it stands for.

`ageing`: by customer, and in total.
In:  the facts invoice, payment and write_off, the golden records of customer.
Out: golden_customer_id (null: in total), customer, currency, open (with tax, net of credit notes), not_due, days_1_30, days_31_60, days_61_90,
     days_over_90, overdue (the last four), oldest_due_on, documents. In total first, then by what is overdue, most first, and customer.

`ageing_history`: in total, at the ends of the last months and on the day.
Out: on, currency, open, not_due, days_1_30, days_31_60, days_61_90, days_over_90, overdue. By day and currency.

`dso`: days sales outstanding, at the ends of the last months and on the day.
Out: on, currency, receivable, overdue, sales (of the last 90 days, with tax), dso, best_possible_dso, average_days_delinquent.
     By day and currency.

Ages count from the due date; 30 days after the issue where there is none. DSO by count-back: from the day back, the sales of each day are
taken off what is owed; the days that they take are the DSO, the last one in part; null where all sales there were do not take it up. The
best possible DSO is that of what is not due yet, the average days delinquent the difference: by how much late payment prolongs it. A
currency is never added to another.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

from mdm.forecast.cash import open_documents
from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.settlement import settlements

MONTHS = 12
"""Ends of months of history."""

_SUMS = """
    coalesce(sum(open), 0) AS open,
    coalesce(sum(open) FILTER (bucket = 'not due'), 0) AS not_due,
    coalesce(sum(open) FILTER (bucket = '1-30'), 0) AS days_1_30,
    coalesce(sum(open) FILTER (bucket = '31-60'), 0) AS days_31_60,
    coalesce(sum(open) FILTER (bucket = '61-90'), 0) AS days_61_90,
    coalesce(sum(open) FILTER (bucket = '> 90'), 0) AS days_over_90,
    coalesce(sum(open) FILTER (bucket <> 'not due'), 0) AS overdue"""

_AGEING = f"""
    SELECT if(grouping(golden_customer_id) = 1, NULL, golden_customer_id) AS golden_customer_id,
        if(grouping(golden_customer_id) = 1, NULL, any_value(customer)) AS customer, currency, {_SUMS},
        min(due_on) FILTER (kind = 'invoice') AS oldest_due_on, count(*) AS documents
    FROM open_document GROUP BY GROUPING SETS ((currency), (currency, golden_customer_id))
    ORDER BY grouping(golden_customer_id) DESC, overdue DESC, golden_customer_id, currency"""

_TOTAL = f"""SELECT $as_of AS "on", currency, {_SUMS} FROM open_document GROUP BY currency ORDER BY currency"""

_SALES = """
    SELECT currency, issued_on, sum(if(kind = 'credit_note', -abs(gross), gross)) AS amount
    FROM invoice WHERE issued_on <= $as_of GROUP BY ALL ORDER BY currency, issued_on DESC"""

DSO = pa.schema(
    [("on", pa.date32()), ("currency", pa.string()), *((name, pa.decimal128(24, 2)) for name in ("receivable", "overdue", "sales"))]
    + [(name, pa.float64()) for name in ("dso", "best_possible_dso", "average_days_delinquent")]
)


def ageing(frames: Frames, as_of: date) -> pa.Table:
    """What is owed by age, by customer and in total."""
    return to_cents(query(frames, _AGEING, tables={"open_document": _open(frames, as_of)}))


def ageing_history(frames: Frames, as_of: date, months: int = MONTHS) -> pa.Table:
    """What was owed by age at the ends of months, by what was known of payments then."""
    days = days_back(as_of, months)
    return pa.concat_tables(to_cents(query(frames, _TOTAL, tables={"open_document": _open(frames, day)}, as_of=day)) for day in days)


def dso(frames: Frames, as_of: date, months: int = MONTHS) -> pa.Table:
    """Days sales outstanding at the ends of months."""
    history = ageing_history(frames, as_of, months).to_pylist()
    sold: dict[str, list[tuple[date, Decimal]]] = {}
    for row in query(frames, _SALES, as_of=as_of).to_pylist():
        sold.setdefault(row["currency"], []).append((row["issued_on"], row["amount"]))
    rows = []
    for row in history:
        day, sales = row["on"], [(on, amount) for on, amount in sold.get(row["currency"], []) if on <= row["on"]]
        whole, best = count_back(row["open"], sales, day), count_back(row["not_due"], sales, day)
        recent = sum((amount for on, amount in sales if on > day - timedelta(days=90)), Decimal(0))
        rows.append(
            {
                "on": day, "currency": row["currency"], "receivable": row["open"], "overdue": row["overdue"],
                "sales": recent.quantize(Decimal("0.01")), "dso": whole, "best_possible_dso": best,
                "average_days_delinquent": None if whole is None or best is None else round(whole - best, 1),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=DSO)


def count_back(owed: Decimal, sales: Iterable[tuple[date, Decimal]], day: date) -> float | None:
    """The days whose sales make up what is owed; `sales` by day, newest first."""
    if owed <= 0:
        return 0.0
    left = owed
    for on, amount in sales:
        if amount >= left:
            # The day in part: the sales of the days up to the one before are used up.
            return round((day - on).days + float(left / amount), 1)
        left -= amount
    return None


def days_back(as_of: date, months: int) -> list[date]:
    """The ends of the last months, oldest first, and the day itself."""
    found, day = [as_of], as_of.replace(day=1) - timedelta(days=1)
    for _ in range(months):
        found.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return sorted(set(found))


def _open(frames: Frames, as_of: date) -> pa.Table:
    return open_documents(frames, settlements(frames, as_of), as_of)
