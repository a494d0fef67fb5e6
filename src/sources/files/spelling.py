"""Numbers and dates of a declared dialect, written plainly; what does not fit the dialect stays as it is, for the kinds to judge."""

from typing import Literal

from duckdb import Expression as Sql
from duckdb import coalesce, fn, lit, when

_BETWEEN = r" \x{a0}\x{202f}'’"
_SHAPES = {
    ",": (rf"[+-]?(?:\d{{1,3}}(?:[.{_BETWEEN}]\d{{3}})+|\d+)?(?:,\d+)?", f"[.{_BETWEEN}]"),
    ".": (rf"[+-]?(?:\d{{1,3}}(?:[,{_BETWEEN}]\d{{3}})+|\d+)?(?:\.\d+)?", f"[,{_BETWEEN}]"),
}
_DAYS = {"dmy": ("%d/%m/%y", "%d/%m/%Y"), "mdy": ("%m/%d/%y", "%m/%d/%Y")}
_DAY, _MONTH = r"(0[1-9]|[12]\d|3[01])", r"(0[1-9]|1[0-2])"
_USUAL = {
    "dmy": (rf"^{_DAY}[/.-]{_MONTH}[/.-](\d{{4}})$", r"\3-\2-\1"),
    "mdy": (rf"^{_MONTH}[/.-]{_DAY}[/.-](\d{{4}})$", r"\3-\1-\2"),
}
_HOURS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")

Order = Literal["dmy", "mdy", "iso"] | None


def plain_number(value: Sql, decimal: str) -> Sql:
    """`1.234,56`, `1 234,56` or `1,234.56` as 1234.56, by the decimal sign."""
    shape, groups = _SHAPES[decimal]
    plain = fn("regexp_replace", value, lit(groups), lit(""), lit("g"))
    pointed = fn("replace", plain, lit(decimal), lit("."))
    whole = fn("regexp_replace", pointed, lit(r"^([+-]?)\."), lit(r"\10."))
    return when(fn("regexp_full_match", value, lit(shape))).then(whole).otherwise(value)


def iso_dates(value: Sql, order: Order) -> Sql:
    """Dates of the declared order as ISO dates, with their time where they have one."""
    if order is None or order == "iso":
        return value
    usual = fn("regexp_replace", value, lit(_USUAL[order][0]), lit(_USUAL[order][1]))
    moment = _moment(value, order)
    day = when(fn("date_trunc", lit("day"), moment) == moment).then(fn("strftime", moment, lit("%Y-%m-%d")))
    other = coalesce(day.otherwise(fn("strftime", moment, lit("%Y-%m-%dT%H:%M:%S"))), value)
    return when(usual != value).then(usual).otherwise(other)


def iso_instant(value: Sql, order: Order) -> Sql:
    """A moment in UTC, of one length so that it sorts as text; null where it is none."""
    iso = fn("make_timestamp", fn("epoch_us", value.try_cast("TIMESTAMPTZ")))
    moment = coalesce(iso, _moment(value, order)) if order != "iso" else iso
    return fn("strftime", moment, lit("%Y-%m-%dT%H:%M:%S.%f+00:00"))


def _moment(value: Sql, order: Order) -> Sql:
    """A date in figures with its time, by the order of its parts; day first where none is declared."""
    slashed = fn("regexp_replace", value, lit(r"^(\d{1,2})[-.](\d{1,2})[-.]"), lit(r"\1/\2/"))
    formats = [day + hour for hour in _HOURS for day in _DAYS[order or "dmy" if order != "iso" else "dmy"]]
    return fn("try_strptime", slashed, lit(formats))
