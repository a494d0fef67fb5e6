"""Checks on cash: overdue and not claimed, paid short, paid for nothing known, one customer with two accounts."""

from mdm.forecast.checks.check import Check

WITHOUT_REMINDER = Check(
    17,
    "overdue_without_reminder",
    "La facture {key} ({customer}), échue le {since}, n'a jamais été relancée : {amount}.",
    "Invoice {key} ({customer}), due on {since}, was never reminded: {amount}.",
    """
    SELECT r.golden_project_id, r.golden_customer_id, r.source || ':' || r.key AS evidence, r.open * d.rate AS amount, 1.0 AS confidence,
        r.due_on AS since, r.key
    FROM receivable r JOIN document d USING (source, key)
    WHERE r.kind = 'invoice' AND r.days_overdue > 30 AND r.open > greatest(5, 0.05 * r.gross)
        AND EXISTS (SELECT 1 FROM reminder o WHERE o.source = r.source)
        AND NOT EXISTS (SELECT 1 FROM reminder o WHERE o.source = r.source AND o.invoice = r.key)""",
)

UNALLOCATED_OR_SHORT = Check(
    18,
    "unallocated_or_short_payment",
    "{what_fr} ({customer}) : {amount}.",
    "{what_en} ({customer}): {amount}.",
    """
    WITH loose AS (
        SELECT s.source, s.key, s."on", s.amount, p.customer_id, p.currency
        FROM settlement s JOIN payment p USING (source, key)
        WHERE s.kind = 'payment' AND s.invoice IS NULL AND s.amount > 5 AND s."on" < $as_of - 15
    ), matched AS (
        SELECT l.*, r.key AS invoice, r.golden_project_id
        FROM loose l
        LEFT JOIN receivable r ON r.golden_customer_id = l.customer_id AND r.currency = l.currency AND r.open = l.amount
        QUALIFY row_number() OVER (PARTITION BY l.source, l.key ORDER BY r.due_on, r.key) = 1
    )
    SELECT golden_project_id, customer_id AS golden_customer_id,
        concat_ws(';', source || ':' || key, source || ':' || invoice) AS evidence, amount * x.rate AS amount, 1.0 AS confidence,
        "on" AS since,
        concat('Le règlement ', key, ' n''est affecté à aucune facture', '; il pourrait solder ' || invoice) AS what_fr,
        concat('Payment ', key, ' is allocated to no invoice', '; it may settle ' || invoice) AS what_en
    FROM matched m ASOF LEFT JOIN exchange x ON x.currency = m.currency AND m."on" >= x.since
    UNION ALL
    SELECT r.golden_project_id, r.golden_customer_id, r.source || ':' || r.key, r.open * d.rate, 1.0, r.due_on,
        'La facture ' || r.key || ' a été payée de trop peu, sans réclamation', 'Invoice ' || r.key || ' was paid short, and not claimed'
    FROM receivable r JOIN document d USING (source, key)
    WHERE r.kind = 'invoice' AND r.paid > 0 AND r.open > 0 AND r.open <= 0.05 * r.gross AND r.days_overdue > 30""",
)

IDENTITY_BREAK = Check(
    20,
    "identity_break",
    "{customer} a {accounts} comptes aux conditions différentes ({terms}) : {amount} de financement.",
    "{customer} has {accounts} accounts on different terms ({terms}): {amount} of financing.",
    """
    WITH split AS (
        SELECT customer_id, min(days) AS days, count(DISTINCT source || ':' || account) AS accounts,
            string_agg(DISTINCT source || ':' || account, ';' ORDER BY source || ':' || account) AS evidence,
            string_agg(DISTINCT terms, ', ' ORDER BY terms) AS terms
        FROM account WHERE days IS NOT NULL
        GROUP BY customer_id, source HAVING count(DISTINCT terms) > 1 AND count(DISTINCT account) > 1
    )
    SELECT NULL::VARCHAR AS golden_project_id, s.customer_id AS golden_customer_id, s.evidence,
        (sum(d.gross * (a.days - s.days)) * ($cost_of_cash / 365)::DECIMAL(18, 12))::DECIMAL(24, 6) AS amount,
        1.0 AS confidence, min(d.issued_on) AS since, s.accounts, s.terms
    FROM split s JOIN account a ON a.customer_id = s.customer_id
    JOIN document d ON d.source = a.source AND d.account = a.account AND d.kind = 'invoice'
    GROUP BY s.customer_id, s.evidence, s.accounts, s.terms""",
)

COLLECTING = (WITHOUT_REMINDER, UNALLOCATED_OR_SHORT, IDENTITY_BREAK)
