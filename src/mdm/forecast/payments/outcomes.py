"""What became of every invoice so far: paid on which day, given up, or open still.

In:  the facts invoice, payment and write_off, the golden records of customer, the holds.
Out: source, key, customer_id, segment (`company`, `public`, `abroad`), currency, gross, issued_on, due_on, paid_on (null while open), outcome
     (`paid`, `lost`, `open`, `cancelled`), open (what is left, with tax), short (whether that is what a payment was too small by),
     disputed (whether the source says so, or somebody here). By source and key.

An invoice counts as paid on the day on which what is left falls to 5 % of it or to 5 units, and some of it was paid: what is left then is a
short payment, a dispute of its own. One that was written off is lost, one that only credit notes settled is cancelled and tells nothing.
A public body has a SIREN that begins with 1 or 2 (INSEE). An invoice without a due date is due 30 days after its issue (C. com. L441-10 I).
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.frames import Frames, query
from mdm.forecast.terms import STATUTORY_DAYS

SEGMENTS = ("company", "public", "abroad")
DISPUTED = "litig|contest|disput"
"""How sources say that an invoice is disputed."""

_OUTCOMES = """
    WITH document AS (
        SELECT i.source, i.key, i.customer_id, i.currency, i.gross, i.issued_on, coalesce(i.due_on, i.issued_on + $statutory) AS due_on,
            coalesce(regexp_matches(lower(strip_accents(i.status)), $disputed), false)
                OR EXISTS (FROM hold h WHERE h.source = i.source AND h.key = i.key AND h.kind = 'dispute' AND h.set_on <= $as_of
                    AND coalesce(h.released_on > $as_of, true) AND coalesce(h.until >= $as_of, true)) AS disputed
        FROM invoice i WHERE i.kind = 'invoice' AND i.issued_on <= $as_of AND i.gross > 0
    ), running AS (
        SELECT d.source, d.key, d.gross, s.kind, s."on",
            d.gross - sum(s.amount) OVER (PARTITION BY d.source, d.key ORDER BY s."on", s.kind, s.key) AS rest,
            sum(if(s.kind = 'payment', s.amount, 0)) OVER (PARTITION BY d.source, d.key) AS paid
        FROM document d JOIN settlement s ON s.source = d.source AND s.invoice = d.key
    ), ended AS (
        SELECT source, key, arg_min(kind, ("on", -rest)) AS kind, min("on") AS "on", any_value(paid) AS paid
        FROM running WHERE rest <= greatest(0.05 * gross, least(5, 0.5 * gross)) GROUP BY ALL
    ), remaining AS (
        SELECT source, key, min(rest) AS rest FROM running GROUP BY ALL
    )
    SELECT d.source, d.key, d.customer_id,
        CASE WHEN g.siren[1] IN ('1', '2') THEN 'public' WHEN g.country <> 'FR' THEN 'abroad' ELSE 'company' END AS segment,
        d.currency, d.gross, d.issued_on, d.due_on,
        if(e.paid > 0 AND e.kind <> 'write_off', e."on", NULL) AS paid_on,
        CASE WHEN e.source IS NULL THEN 'open' WHEN e.kind = 'write_off' THEN 'lost' WHEN e.paid > 0 THEN 'paid' ELSE 'cancelled' END
            AS outcome,
        coalesce(r.rest, d.gross) AS open,
        e.source IS NOT NULL AND coalesce(r.rest, d.gross) > 0 AS short,
        d.disputed
    FROM document d
    LEFT JOIN ended e USING (source, key)
    LEFT JOIN remaining r USING (source, key)
    LEFT JOIN golden_customer g ON g.golden_id = d.customer_id
    ORDER BY d.source, d.key"""


def outcomes(frames: Frames, settlement: pa.Table, as_of: date) -> pa.Table:
    """Every invoice issued until a day and what became of it until then; `settlement` is that of `settlements` for the day."""
    return query(frames, _OUTCOMES, tables={"settlement": settlement}, as_of=as_of, statutory=STATUTORY_DAYS, disputed=DISPUTED)
