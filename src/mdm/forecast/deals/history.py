"""Deals as they were known: what their history says of each on a day, and how each ended.

`known`: every deal that there was on a day.
In:  the facts deal, deal_line and deal_change, the golden records of product.
Out: source, key, customer, salesperson and product (golden ids; of a product its family, where it has one), kind, currency, created_on,
     seen_on (the day), status (`open`, `won`, `lost`), closed_on, stage, stage_since, amount, entered (probability entered, 0 to 1),
     entered_so_far (the mean of all that was entered, in log-odds), closes_on (expected), slips (how often that was put off), slipped_days,
     last_activity_on, won_before and lost_before (deals of the customer).

`entries`: what to learn from, a row for every stage that a deal entered and one more for every 30 days that it stayed there.
Out: the same, each as known on that row's day, with first (whether the deal entered the stage that day) and days (from then until it was
     closed, null while it is not). `status` and `closed_on` are those known on `as_of`.

Facts hold the present; the past is in deal_change. A deal is closed since it stands in a stage in which closed deals stand and stay, or,
where no history tells, since `closes_on`. What a deal that is closed now said while it was open is only believed of its history: its own
amount, probability and closing date were written when it was closed. Of a deal without history the present stands for a day on which it was
open, as long as nobody has touched it since. Amounts of lines come from the list, for lines that were not bought may be gone. A probability
that a deal has not is that of its lines by their amounts. Days are UTC.
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.frames import Frames, query

STEP_DAYS = 30
"""A deal that stays in its stage is seen again after so many days."""
MOST_STEPS = 24
"""How often at most: after two years in a stage nothing more is to be learnt."""

_DEALS = """
    WITH change AS (
        SELECT source, deal AS key, (changed_at AT TIME ZONE 'UTC')::DATE AS day, changed_at, key AS change, stage, amount, probability, closes_on
        FROM deal_change WHERE (changed_at AT TIME ZONE 'UTC')::DATE <= $as_of
    ), left_behind AS (
        SELECT stage, avg((stage <> last_stage)::INTEGER) AS share
        FROM (
            SELECT DISTINCT source, deal, stage, last_value(stage) OVER (
                PARTITION BY source, deal ORDER BY changed_at, key ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS last_stage
            FROM deal_change WHERE stage IS NOT NULL
        ) GROUP BY ALL
    ), final AS (
        SELECT stage FROM deal WHERE status <> 'open' AND stage IS NOT NULL
        EXCEPT (SELECT stage FROM deal WHERE status = 'open' UNION SELECT stage FROM left_behind WHERE share > 0.2)
    ), told AS (
        SELECT source, key, min(day) AS first_on, max(changed_at) FILTER (stage NOT IN (FROM final)) AS last_open_at
        FROM change GROUP BY ALL
    ), closing AS (
        SELECT c.source, c.key, min(c.day) AS day
        FROM change c JOIN told t USING (source, key)
        WHERE c.stage IN (FROM final) AND (t.last_open_at IS NULL OR c.changed_at > t.last_open_at) GROUP BY ALL
    ), valued AS (
        SELECT l.source, l.deal AS key, coalesce(p.family, l.product_id) AS product, l.key AS line, coalesce(l.quantity * l.list_price, l.amount) AS listed,
            sum(l.quantity * coalesce(l.list_price, p.price)) OVER deal AS list_amount,
            (sum(l.amount * l.probability) OVER deal / nullif(sum(if(l.probability IS NULL, NULL, l.amount)) OVER deal, 0))::DECIMAL(24, 6) AS probability
        FROM deal_line l LEFT JOIN golden_product p ON p.golden_id = l.product_id
        WINDOW deal AS (PARTITION BY l.source, l.deal)
    ), sold AS (
        SELECT source, key, product, list_amount, probability FROM valued
        QUALIFY row_number() OVER (PARTITION BY source, key ORDER BY product IS NULL, listed DESC, line) = 1
    ), dated AS (
        SELECT d.source, d.key, d.customer_id AS customer, d.salesperson_id AS salesperson, s.product, d.kind, d.currency, d.status AS now,
            least(d.created_on, t.first_on) AS created_on, t.first_on,
            if(d.status = 'open', NULL, coalesce(c.day, d.closes_on, d.last_activity_on, d.created_on)) AS ended_on,
            s.list_amount, d.stage, d.amount, coalesce(d.probability, s.probability) AS probability, d.closes_on, d.last_activity_on
        FROM deal d LEFT JOIN told t USING (source, key) LEFT JOIN closing c USING (source, key) LEFT JOIN sold s USING (source, key)
    )
    SELECT *, if(ended_on <= $as_of, ended_on, NULL) AS closed_on, if(coalesce(ended_on <= $as_of, true), now, 'open') AS status
    FROM dated WHERE coalesce(created_on, ended_on, $as_of) <= $as_of"""

_CHANGES = """
    WITH change AS (
        SELECT c.source, c.deal AS key, (c.changed_at AT TIME ZONE 'UTC')::DATE AS day, c.changed_at, c.key AS change, c.stage, c.amount,
            c.probability, c.closes_on
        FROM deal_change c
    ), running AS (
        SELECT c.source, c.key, c.day, c.changed_at, c.change,
            last_value(c.stage IGNORE NULLS) OVER sofar AS stage,
            last_value(c.amount IGNORE NULLS) OVER sofar AS amount,
            last_value(c.probability IGNORE NULLS) OVER sofar AS probability,
            last_value(c.closes_on IGNORE NULLS) OVER sofar AS closes_on
        FROM change c JOIN known_deal d USING (source, key)
        WHERE c.day <= $as_of AND (d.closed_on IS NULL OR c.day < d.closed_on)
        WINDOW sofar AS (PARTITION BY c.source, c.key ORDER BY c.changed_at, c.change ROWS UNBOUNDED PRECEDING)
    ), compared AS (
        SELECT *, stage IS DISTINCT FROM lag(stage) OVER steps AS entered_stage,
            greatest(closes_on - lag(closes_on) OVER steps, 0) AS slipped
        FROM running WINDOW steps AS (PARTITION BY source, key ORDER BY changed_at, change)
    )
    SELECT source, key, day, stage, amount, probability, closes_on,
        avg(ln(greatest(probability, 2) / (100 - least(probability, 98)))) FILTER (probability > 0 AND probability < 100) OVER sofar AS log_odds,
        max(if(entered_stage, day, NULL)) OVER sofar AS stage_since,
        coalesce(count(*) FILTER (slipped > 0) OVER sofar, 0) AS slips,
        coalesce(sum(slipped) OVER sofar, 0) AS slipped_days
    FROM compared
    WINDOW sofar AS (PARTITION BY source, key ORDER BY changed_at, change ROWS UNBOUNDED PRECEDING)
    QUALIFY row_number() OVER (PARTITION BY source, key, day ORDER BY changed_at DESC, change DESC) = 1"""

_MOMENTS = """
    WITH run AS (
        SELECT source, key, stage_since AS since FROM stage_change WHERE stage_since = day
        UNION
        SELECT source, key, created_on FROM known_deal WHERE created_on IS NOT NULL
    ), ended AS (
        SELECT r.source, r.key, r.since,
            least(lead(r.since) OVER (PARTITION BY r.source, r.key ORDER BY r.since), d.closed_on, $as_of + 1) AS until
        FROM run r JOIN known_deal d USING (source, key)
    )
    SELECT source, key, since, since + $step * s.step AS seen_on
    FROM ended, (SELECT unnest(generate_series(0, $most))::INTEGER AS step) s
    WHERE since + $step * s.step < until"""

_STATES = """
    WITH history AS (
        SELECT customer, closed_on AS day, sum(count(*) FILTER (status = 'won')) OVER sofar AS won, sum(count(*) FILTER (status = 'lost')) OVER sofar AS lost
        FROM known_deal WHERE closed_on IS NOT NULL AND customer IS NOT NULL GROUP BY customer, closed_on
        WINDOW sofar AS (PARTITION BY customer ORDER BY closed_on ROWS UNBOUNDED PRECEDING)
    )
    SELECT d.source, d.key, d.customer, d.salesperson, d.product, d.kind, d.currency, d.created_on, m.seen_on, d.status, d.closed_on,
        if(d.believed, d.stage, c.stage) AS stage, coalesce(c.stage_since, d.created_on) AS stage_since,
        coalesce(if(d.believed, d.amount, c.amount), d.list_amount) AS amount,
        (if(d.believed, d.probability, coalesce(c.probability, d.left_probability)) * 0.01)::DOUBLE AS entered,
        1 / (1 + exp(-c.log_odds)) AS entered_so_far,
        if(d.believed, d.closes_on, c.closes_on) AS closes_on,
        coalesce(c.slips, 0)::INTEGER AS slips, coalesce(c.slipped_days, 0)::INTEGER AS slipped_days,
        if(d.last_activity_on <= m.seen_on, d.last_activity_on, NULL) AS last_activity_on,
        coalesce(h.won, 0)::INTEGER AS won_before, coalesce(h.lost, 0)::INTEGER AS lost_before, m.first
    FROM moment m
    JOIN (
        SELECT *, if(now <> 'open' AND first_on IS NULL AND probability > 0 AND probability < 100, probability, NULL) AS left_probability,
            $present AND now = 'open' AND first_on IS NULL AND coalesce(last_activity_on <= $as_of, true) AS believed
        FROM known_deal
    ) d USING (source, key)
    ASOF LEFT JOIN stage_change c ON c.source = m.source AND c.key = m.key AND m.seen_on >= c.day
    ASOF LEFT JOIN history h ON h.customer = d.customer AND m.seen_on > h.day
    ORDER BY d.source, d.key, m.seen_on"""


def known(frames: Frames, as_of: date) -> pa.Table:
    """Every deal that there was on a day, as it was known then."""
    tables = _tables(frames, as_of)
    moments = query(frames, "SELECT source, key, $as_of AS seen_on, false AS first FROM known_deal", tables=tables, as_of=as_of)
    return query(frames, _STATES, tables={**tables, "moment": moments}, as_of=as_of, present=True).drop_columns(["first"])


def entries(frames: Frames, as_of: date) -> pa.Table:
    """Every stage that a deal entered until a day, as it was known at that moment, and how it ended as known on that day."""
    tables = _tables(frames, as_of)
    moments = query(
        frames,
        f"SELECT source, key, seen_on, seen_on = since AS first FROM ({_MOMENTS})",
        tables=tables,
        as_of=as_of,
        step=STEP_DAYS,
        most=MOST_STEPS,
    )
    rows = query(frames, _STATES, tables={**tables, "moment": moments}, as_of=as_of, present=False)
    return query(frames, "SELECT *, closed_on - seen_on AS days FROM entry ORDER BY source, key, seen_on", tables={"entry": rows})


def _tables(frames: Frames, as_of: date) -> dict[str, pa.Table]:
    deals = query(frames, _DEALS, as_of=as_of)
    return {"known_deal": deals, "stage_change": query(frames, _CHANGES, tables={"known_deal": deals}, as_of=as_of)}
