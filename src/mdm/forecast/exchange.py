"""Exchange rates, as our own invoices used them: no other source of rates is needed, and the books agree with themselves.

In:  the fact invoice.
Out: currency, since, rate (units of the company's currency for one); the company's own currency is at 1.

A rate holds from the day of its invoice to the next one's; the first one also before it. Join it with
`ASOF LEFT JOIN exchange x ON x.currency = f.currency AND f.day >= x.since`: a null rate is a currency that nobody has a rate of.
"""

import pyarrow as pa

from mdm.forecast.frames import Frames, query

_RATES = """
    WITH dated AS (
        SELECT currency, issued_on AS since, max(rate) AS rate
        FROM invoice WHERE rate > 0 AND currency <> $currency GROUP BY ALL
    )
    SELECT currency, since, rate FROM dated
    UNION ALL SELECT currency, DATE '0001-01-01', arg_min(rate, since) FROM dated GROUP BY currency
    UNION ALL SELECT $currency, DATE '0001-01-01', 1
    ORDER BY currency, since"""


def exchange(frames: Frames, currency: str) -> pa.Table:
    """Rates to the company's currency by day."""
    return query(frames, _RATES, currency=currency)
