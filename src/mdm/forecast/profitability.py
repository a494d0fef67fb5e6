"""What every project earns: contract, billing, cash, cost, and where it will end.

In:  the facts invoice, payment, write_off, cost, employee, budget, amendment and plan_line, the golden records and members of project.
Out: golden_project_id, source_keys, label, golden_customer_id, customer, status, starts_on, ends_on;
     currency (of all amounts: the company's), contract_currency;
     contract, amendments, invoiced, paid, to_invoice, hours, labour, purchases, cost_to_date, budget_hours, budget_cost;
     progress, progress_by; estimate_at_completion, eac_p10, eac_p90;
     margin_to_date, margin_at_completion and the rates of each;
     earned, wip, billed_in_advance, backlog; problems. One row a golden project, by id.

Amounts are without tax, `paid` is with tax. They are exact and rounded half-even to cents at the end. Costs are in the company's currency,
so are budgets, and a margin can only be in that one: whatever is in another is converted, an invoice and what pays it by the invoice's own rate, a contract
by the rate in force that day (`exchange`); what has no rate is left out and told in `problems`.

`taux_de_marque` is margin / price, `taux_de_marge` is margin / cost. WIP is what is earned and not billed; backlog what is ordered and not
earned. Hours that nobody approved yet cost what they cost, and count. The estimate at completion is that of `completion`.
"""

from datetime import date

import pyarrow as pa

from mdm.forecast.completion import Usual, completion
from mdm.forecast.exchange import exchange
from mdm.forecast.frames import Frames, query, to_cents
from mdm.forecast.progress import progress
from mdm.forecast.settlement import SCHEMA as SETTLED
from mdm.forecast.settlement import settlements

PRICED = """
    job AS (
        SELECT p.*, coalesce(p.currency, $currency) AS its_currency, x.rate
        FROM (SELECT *, coalesce(ordered_on, starts_on, $as_of) AS priced_on FROM golden_project) p
        ASOF LEFT JOIN exchange x ON x.currency = coalesce(p.currency, $currency) AND p.priced_on >= x.since
    ), agreed AS (
        SELECT * FROM amendment WHERE coalesce(signed, true) AND coalesce(signed_on, $as_of) <= $as_of
    ), document AS (
        SELECT source, key, project_id, issued_on, currency, if(kind = 'credit_note', -abs(net), net) AS net,
            if(currency = $currency, 1, nullif(rate, 0)) AS rate
        FROM invoice WHERE issued_on <= $as_of
    ), billed AS (
        SELECT *, if(currency = $currency, net, round(net * rate, 2)) AS amount FROM document
    ), received AS (
        SELECT s.source, s.key, d.project_id, s."on", if(d.currency = $currency, s.amount, round(s.amount * d.rate, 2)) AS amount
        FROM settlement s JOIN document d ON d.source = s.source AND d.key = s.invoice WHERE s.kind = 'payment'
    ), priced AS (
        SELECT c.source, c.key, c.project_id, c.spent_on, c.kind, c.hours,
            coalesce(c.amount * x.rate, if(c.amount IS NULL, c.hours * e.hourly_cost, NULL)) AS amount
        FROM cost c
        ASOF LEFT JOIN exchange x ON x.currency = c.currency AND c.spent_on >= x.since
        LEFT JOIN employee e ON e.source = c.source AND e.key = c.employee
        WHERE c.spent_on <= $as_of
    )"""
"""What the figures are sums of, a fact a row: contracts with their rates, amendments, documents, payments and costs."""

_MONEY = f"""
    WITH {PRICED}, amended AS (
        SELECT project_id, sum(amount) AS amount FROM agreed GROUP BY ALL
    ), invoiced AS (
        SELECT project_id, sum(amount) AS amount,
            string_agg(if(rate IS NULL, key || ' has no exchange rate for ' || currency, NULL), '; ' ORDER BY key) AS problems
        FROM billed GROUP BY ALL
    ), paid AS (
        SELECT project_id, sum(amount) AS amount FROM received GROUP BY ALL
    ), spent AS (
        SELECT project_id,
            sum(hours) AS hours, sum(amount) FILTER (kind = 'labour') AS labour, sum(amount) FILTER (kind = 'purchase') AS purchases,
            if(count(*) > count(amount), count(*) - count(amount) || ' costs have no amount', NULL) AS problems
        FROM priced GROUP BY ALL
    ), budgeted AS (
        SELECT project_id, sum(cost) AS cost, sum(hours) AS hours FROM budget GROUP BY ALL
    ), planned AS (
        SELECT project_id, coalesce(sum(amount) FILTER (status IN ('planned', 'done')), 0) AS open
        FROM plan_line WHERE status <> 'cancelled' GROUP BY ALL
    ), keyed AS (
        SELECT golden_id, string_agg(source || ':' || key, ';' ORDER BY source, key) AS keys FROM members_project GROUP BY ALL
    )
    SELECT j.golden_id AS golden_project_id, k.keys AS source_keys, j.label, j.customer AS golden_customer_id, c.name AS customer,
        j.status, j.nature, j.starts_on, j.ends_on, $currency AS currency, j.its_currency AS contract_currency,
        j.amount * j.rate AS contract,
        coalesce(a.amount * j.rate, 0) AS amendments,
        coalesce(i.amount, 0) AS invoiced,
        coalesce(p.amount, 0) AS paid,
        n.open * j.rate AS planned,
        coalesce(s.hours, 0) AS hours, coalesce(s.labour, 0) AS labour, coalesce(s.purchases, 0) AS purchases,
        coalesce(s.labour, 0) + coalesce(s.purchases, 0) AS cost_to_date,
        b.hours AS budget_hours, b.cost AS budget_cost,
        nullif(concat_ws('; ', if(j.rate IS NULL, 'no exchange rate for ' || j.its_currency, NULL), i.problems, s.problems), '') AS problems
    FROM job j
    LEFT JOIN golden_customer c ON c.golden_id = j.customer
    LEFT JOIN keyed k ON k.golden_id = j.golden_id
    LEFT JOIN amended a ON a.project_id = j.golden_id
    LEFT JOIN invoiced i ON i.project_id = j.golden_id
    LEFT JOIN paid p ON p.project_id = j.golden_id
    LEFT JOIN spent s ON s.project_id = j.golden_id
    LEFT JOIN budgeted b ON b.project_id = j.golden_id
    LEFT JOIN planned n ON n.project_id = j.golden_id"""

_FIGURES = """
    WITH valued AS (
        SELECT m.*, round(g.progress, 4) AS progress, g.progress_by,
            cost_to_date + r.rest::DECIMAL(24, 6) AS eac,
            cost_to_date + r.rest_p10::DECIMAL(24, 6) AS eac_p10,
            cost_to_date + r.rest_p90::DECIMAL(24, 6) AS eac_p90,
            m.price * coalesce(g.progress, 0)::DECIMAL(9, 6) AS earned
        FROM (SELECT *, if(contract IS NULL AND amendments = 0, NULL, coalesce(contract, 0) + amendments) AS price FROM money) m
        JOIN progress g ON g.golden_id = m.golden_project_id
        JOIN rest r USING (golden_project_id)
    )
    SELECT golden_project_id, source_keys, label, golden_customer_id, customer, status, starts_on, ends_on, currency, contract_currency,
        contract, amendments, invoiced, paid, coalesce(planned, greatest(price - invoiced, 0)) AS to_invoice,
        hours, labour, purchases, cost_to_date, budget_hours, budget_cost, progress, progress_by,
        eac AS estimate_at_completion, eac_p10, eac_p90,
        invoiced - cost_to_date AS margin_to_date,
        if(invoiced > 0, round(((invoiced - cost_to_date) / invoiced)::DOUBLE, 4), NULL) AS taux_de_marque_to_date,
        if(cost_to_date > 0, round(((invoiced - cost_to_date) / cost_to_date)::DOUBLE, 4), NULL) AS taux_de_marge_to_date,
        price - eac AS margin_at_completion,
        if(price > 0, round(((price - eac) / price)::DOUBLE, 4), NULL) AS taux_de_marque_at_completion,
        if(eac > 0, round(((price - eac) / eac)::DOUBLE, 4), NULL) AS taux_de_marge_at_completion,
        earned, greatest(earned - invoiced, 0) AS wip, greatest(invoiced - earned, 0) AS billed_in_advance,
        greatest(price - earned, 0) AS backlog, problems
    FROM valued ORDER BY golden_project_id"""


def profitability(
    frames: Frames, as_of: date, currency: str = "EUR", usual: Usual | None = None, settlement: pa.Table | None = None
) -> pa.Table:
    """The figures of every golden project on a day, in the company's currency; with the settlements of that day where they are known already."""
    settled = settlements(frames, as_of) if settlement is None else settlement
    sums, done = money(frames, as_of, currency, settled), progress(frames, as_of)
    tables = {"money": sums, "progress": done, "rest": completion(frames, sums, done, usual or Usual())}
    return to_cents(query(frames, _FIGURES, tables=tables))


def money(frames: Frames, as_of: date, currency: str, settlement: pa.Table | None = None) -> pa.Table:
    """What facts sum to, before anything is estimated; without settlements nothing is paid."""
    tables = {"exchange": exchange(frames, currency), "settlement": SETTLED.empty_table() if settlement is None else settlement}
    return query(frames, _MONEY, tables=tables, as_of=as_of, currency=currency)
