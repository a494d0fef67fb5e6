"""Checks on invoices and credit notes: for nothing, below or above what was sold, late, twice, on other terms."""

from mdm.forecast.checks.check import Check

WITHOUT_PROJECT = Check(
    7,
    "invoice_without_deal_or_project",
    "La facture {key} du {since} ({customer}) n'est rattachée à aucun projet ni à aucune affaire : {amount}.",
    "Invoice {key} of {since} ({customer}) belongs to no project and no deal: {amount}.",
    """
    SELECT NULL::VARCHAR AS golden_project_id, customer_id AS golden_customer_id, source || ':' || key AS evidence, value AS amount,
        1.0 AS confidence, issued_on AS since, key
    FROM document d
    WHERE kind = 'invoice' AND project_id IS NULL AND EXISTS (SELECT 1 FROM invoice o WHERE o.source = d.source AND o.project IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM deal s WHERE s.reference = d.reference)""",
)

PRICE_BELOW_CONTRACT = Check(
    8,
    "price_below_contract",
    "La facture {key} du {since} ({customer}) est à un prix inférieur à celui de l'affaire : {amount} de moins.",
    "Invoice {key} of {since} ({customer}) is at a price below the deal's: {amount} less.",
    """
    WITH sold AS (
        SELECT s.project, l.product_id, min(l.unit_price * s.rate) AS price, min(s.link_probability) AS probability,
            min(s.source || ':' || s.key) AS evidence
        FROM sale s JOIN deal_line l ON l.source = s.source AND l.deal = s.key
        WHERE s.project IS NOT NULL AND l.unit_price > 0 GROUP BY ALL
    )
    SELECT d.project_id AS golden_project_id, d.customer_id AS golden_customer_id,
        min(d.source || ':' || d.key) || ';' || string_agg(DISTINCT o.evidence, ';' ORDER BY o.evidence) AS evidence,
        sum((o.price - l.unit_price * d.rate) * l.quantity)::DECIMAL(24, 6) AS amount,
        min(o.probability) AS confidence, d.issued_on AS since, d.key
    FROM document d
    JOIN invoice_line l ON l.source = d.source AND l.invoice = d.key
    JOIN sold o ON o.project = d.project_id AND o.product_id = l.product_id
    WHERE d.kind = 'invoice' AND l.quantity > 0 AND l.unit_price > 0 AND l.unit_price * d.rate < o.price
    GROUP BY d.project_id, d.customer_id, d.source, d.key, d.issued_on
    HAVING sum((o.price - l.unit_price * d.rate) * l.quantity) > greatest(5, 0.005 * min(d.value))""",
)

OVER_BILLING = Check(
    10,
    "over_billing",
    "« {project} » ({customer}) est facturé {invoiced} pour un contrat de {contract} : {amount} de trop, sans avenant.",
    "“{project}” ({customer}) is invoiced at {invoiced} for a contract of {contract}: {amount} too much, without an amendment.",
    """
    WITH again AS (SELECT project_id, sum(value) AS value FROM document d JOIN double b USING (source, key) GROUP BY ALL),
    last AS (
        SELECT project_id, arg_max(source || ':' || key, (issued_on, key)) AS evidence, max(issued_on) AS since
        FROM document WHERE kind = 'invoice' GROUP BY ALL
    )
    SELECT f.golden_project_id, f.golden_customer_id, l.evidence || ';' || f.source_keys AS evidence,
        f.invoiced - coalesce(a.value, 0) - f.contract - f.amendments AS amount, 1.0 AS confidence, l.since,
        f.invoiced, f.contract + f.amendments AS contract
    FROM figure f
    JOIN golden_project p ON p.golden_id = f.golden_project_id
    JOIN last l ON l.project_id = f.golden_project_id
    LEFT JOIN again a ON a.project_id = f.golden_project_id
    WHERE f.contract > 0 AND f.invoiced - coalesce(a.value, 0) - f.contract - f.amendments > f.eps
        + f.contract * coalesce(p.indexation, 0) * 0.01 * greatest(date_diff('year', p.starts_on, l.since), 1)""",
)

TERMS_MISMATCH = Check(
    13,
    "terms_mismatch",
    "{invoices} facture(s) de « {project} » ({customer}) échoient {days} jours après les conditions convenues ({agreed}) : {amount}.",
    "{invoices} invoice(s) of “{project}” ({customer}) fall due {days} days after the terms agreed ({agreed}): {amount} of financing.",
    """
    SELECT d.project_id AS golden_project_id, d.customer_id AS golden_customer_id,
        string_agg(d.source || ':' || d.key, ';' ORDER BY d.key) AS evidence,
        (sum(d.gross * t.days) * ($cost_of_cash / 365)::DECIMAL(18, 12))::DECIMAL(24, 6) AS amount,
        min(t.confidence) AS confidence, min(d.issued_on) AS since, count(*) AS invoices, max(t.days) AS days, min(t.agreed) AS agreed
    FROM document d JOIN mismatch t USING (source, key)
    WHERE t.days > 0 AND d.customer_id NOT IN (SELECT customer_id FROM account GROUP BY ALL HAVING count(DISTINCT terms) > 1)
    GROUP BY d.project_id, d.customer_id""",
)

LATE_ISSUE = Check(
    14,
    "late_issue",
    "La facture {key} ({customer}) est partie {days} jours après la réalisation du {since} : {amount} de financement.",
    "Invoice {key} ({customer}) went out {days} days after the work was done on {since}: {amount} of financing.",
    """
    WITH issued AS (
        SELECT d.*, l.done_on, d.issued_on - l.done_on AS days
        FROM plan_line l JOIN document d ON d.source = l.source AND d.key = l.invoice WHERE l.done_on IS NOT NULL
    ), usual AS (
        SELECT greatest(5, least(30, 2 * coalesce(quantile_disc(days, 0.95), 0))) AS days FROM issued
    )
    SELECT i.project_id AS golden_project_id, i.customer_id AS golden_customer_id, i.source || ':' || i.key AS evidence,
        (i.value * ($cost_of_cash * i.days / 365)::DECIMAL(18, 12))::DECIMAL(24, 6) AS amount,
        1.0 AS confidence, i.done_on AS since, i.key, i.days
    FROM issued i WHERE i.days > (SELECT days FROM usual)""",
)

DUPLICATE = Check(
    15,
    "duplicate_invoice",
    "La facture {key} du {since} ({customer}) répète {first}, aux mêmes lignes : {amount}.",
    "Invoice {key} of {since} ({customer}) repeats {first}, with the same lines: {amount}.",
    """
    SELECT d.project_id AS golden_project_id, d.customer_id AS golden_customer_id,
        b.first_source || ':' || b.first || ';' || d.source || ':' || d.key AS evidence, d.value AS amount, 1.0 AS confidence,
        d.issued_on AS since, d.key, b.first
    FROM double b JOIN document d USING (source, key)""",
)

CREDIT_WITHOUT_CAUSE = Check(
    16,
    "credit_note_without_cause",
    "L'avoir {key} du {since} ({customer}) n'a ni facture d'origine ni motif : {amount}.",
    "Credit note {key} of {since} ({customer}) has neither an invoice nor a reason: {amount}.",
    """
    SELECT project_id AS golden_project_id, customer_id AS golden_customer_id, source || ':' || key AS evidence, -value AS amount,
        1.0 AS confidence, issued_on AS since, key
    FROM document WHERE kind = 'credit_note' AND origin IS NULL AND reason IS NULL""",
)

DOUBLES = """
    WITH lined AS (
        SELECT source, invoice AS key, list_sort(list(lower(coalesce(label, product, '')) || '|' || amount || '|' || coalesce(quantity, 1)))
            AS lines
        FROM invoice_line GROUP BY ALL
    ), billed AS (
        SELECT d.*, coalesce(l.lines, []) AS lines,
            EXISTS (SELECT 1 FROM plan_line p WHERE p.source = d.source AND p.invoice = d.key) AS on_plan,
            EXISTS (SELECT 1 FROM plan_line p WHERE p.project_id = d.project_id) AS planned
        FROM document d LEFT JOIN lined l USING (source, key)
        WHERE d.kind = 'invoice' AND d.value > 0
            AND NOT EXISTS (SELECT 1 FROM document c WHERE c.source = d.source AND c.origin = d.key AND -c.value >= d.value)
    )
    SELECT b.source, b.key, a.source AS first_source, a.key AS first
    FROM billed a
    JOIN billed b ON b.customer_id = a.customer_id AND b.value = a.value AND b.currency = a.currency AND b.lines = a.lines
        AND b.project_id IS NOT DISTINCT FROM a.project_id AND b.issued_on BETWEEN a.issued_on AND a.issued_on + 45
        AND (b.issued_on, b.source, b.key) > (a.issued_on, a.source, a.key)
    WHERE NOT b.on_plan AND (b.planned OR b.reference IS NOT NULL)
    QUALIFY row_number() OVER (PARTITION BY b.source, b.key ORDER BY a.issued_on DESC, a.key DESC) = 1"""
"""Invoices that repeat an earlier one: same customer, project, amount and lines within 45 days, and no line of a plan of their own.

Sales over the counter of the same goods to the same customer are two sales: without a plan or an order they are left alone.
"""

INVOICING = (WITHOUT_PROJECT, PRICE_BELOW_CONTRACT, OVER_BILLING, TERMS_MISMATCH, LATE_ISSUE, DUPLICATE, CREDIT_WITHOUT_CAUSE)
