"""Checks on invoice plans and work: not planned, planned wrongly, done and not billed, done and not sold."""

from mdm.forecast.checks.check import Check

READY = """
    SELECT l.project_id AS golden_project_id, f.golden_customer_id, l.source || ':' || l.key AS evidence, l.amount * f.rate AS amount,
        1.0 AS confidence, coalesce(l.done_on, l.planned_on) AS since, coalesce(l.label, l.key) AS label,
        CASE
            WHEN regexp_matches(lower(strip_accents(coalesce(l.kind, l.label, ''))), $period) THEN 12
            WHEN regexp_matches(lower(strip_accents(coalesce(l.kind, l.label, ''))), $time_and_material) THEN 6
            ELSE 5
        END AS sort
    FROM plan_line l JOIN figure f ON f.golden_project_id = l.project_id
    WHERE l.status = 'done' AND coalesce(l.done_on, l.planned_on) < $as_of - 7
    UNION ALL
    SELECT l.project_id, f.golden_customer_id, l.source || ':' || l.key, l.amount * f.rate, 1.0, l.planned_on, coalesce(l.label, l.key), 12
    FROM plan_line l JOIN figure f ON f.golden_project_id = l.project_id
    WHERE l.status = 'planned' AND l.planned_on < $as_of - 7
        AND regexp_matches(lower(strip_accents(coalesce(l.kind, l.label, ''))), $period)
        AND EXISTS (
            SELECT 1 FROM plan_line o WHERE o.project_id = l.project_id AND o.status = 'invoiced' AND o.planned_on > l.planned_on)
    UNION ALL
    SELECT l.project_id, f.golden_customer_id, string_agg(d.source || ':' || d.key, ';' ORDER BY d.key),
        (sum(l.amount) * max(p.indexation) * 0.01 * max(f.rate))::DECIMAL(24, 6), 1.0, min(d.issued_on),
        'indexation de ' || max(p.indexation)::DOUBLE || ' %', 12
    FROM plan_line l
    JOIN golden_project p ON p.golden_id = l.project_id
    JOIN figure f ON f.golden_project_id = l.project_id
    JOIN invoice d ON d.source = l.source AND d.key = l.invoice
    WHERE p.indexation > 0 AND l.planned_on >= p.starts_on + INTERVAL 1 YEAR AND l.amount > 0 AND d.net <= l.amount
        AND regexp_matches(lower(strip_accents(coalesce(l.kind, l.label, ''))), $period)
    GROUP BY l.project_id, f.golden_customer_id"""
"""What can be billed and is not, by the check that it belongs to (`sort`)."""

WITHOUT_PLAN = Check(
    3,
    "project_without_invoice_plan",
    "Le projet « {project} » ({customer}), ouvert le {since}, n'a pas d'échéancier : {amount} restent à facturer.",
    "Project “{project}” ({customer}), opened on {since}, has no invoice plan: {amount} are still to be invoiced.",
    """
    SELECT f.golden_project_id, f.golden_customer_id, f.source_keys AS evidence, f.contract + f.amendments - f.invoiced AS amount,
        1.0 AS confidence, coalesce(p.ordered_on, f.starts_on) AS since
    FROM figure f JOIN golden_project p ON p.golden_id = f.golden_project_id
    WHERE coalesce(p.ordered_on, f.starts_on) < $as_of - 15 AND f.contract + f.amendments - f.invoiced > f.eps
        AND NOT EXISTS (SELECT 1 FROM plan_line l WHERE l.project_id = f.golden_project_id)
        AND EXISTS (
            SELECT 1 FROM members_project m
            WHERE m.golden_id = f.golden_project_id AND m.source IN (SELECT source FROM plan_line))""",
)

PLAN_DIFFERS = Check(
    4,
    "plan_differs_from_contract",
    "L'échéancier de « {project} » ({customer}) fait {planned}, le contrat {contract} : {amount} d'écart.",
    "The invoice plan of “{project}” ({customer}) sums to {planned}, the contract to {contract}: {amount} apart.",
    """
    WITH planned AS (SELECT project_id, sum(amount) AS amount FROM plan_line GROUP BY ALL)
    SELECT f.golden_project_id, f.golden_customer_id, f.source_keys AS evidence,
        abs(f.contract + f.amendments - n.amount * f.rate) AS amount, 1.0 AS confidence, coalesce(p.ordered_on, f.starts_on) AS since,
        n.amount * f.rate AS planned, f.contract + f.amendments AS contract
    FROM figure f
    JOIN golden_project p ON p.golden_id = f.golden_project_id
    JOIN planned n ON n.project_id = f.golden_project_id
    WHERE abs(f.contract + f.amendments - n.amount * f.rate) > f.eps""",
)

MILESTONE = Check(
    5,
    "milestone_done_not_invoiced",
    "« {label} » de « {project} » ({customer}), réalisé le {since}, n'est pas facturé : {amount}.",
    "“{label}” of “{project}” ({customer}), done on {since}, is not invoiced: {amount}.",
    "SELECT * FROM ready WHERE sort = 5",
)

UNBILLED_TIME = Check(
    6,
    "unbilled_time",
    "Le temps passé « {label} » sur « {project} » ({customer}), au {since}, n'est pas facturé : {amount}.",
    "The time “{label}” spent on “{project}” ({customer}) until {since} is not invoiced: {amount}.",
    "SELECT * FROM ready WHERE sort = 6",
)

MISSED_PERIOD = Check(
    12,
    "missed_recurrence_or_indexation",
    "« {label} » de « {project} » ({customer}), à facturer le {since}, a été oublié : {amount}.",
    "“{label}” of “{project}” ({customer}), to be invoiced on {since}, was forgotten: {amount}.",
    "SELECT * FROM ready WHERE sort = 12",
)

SCOPE_CREEP = Check(
    11,
    "scope_creep",
    "{hours} h hors périmètre sur « {project} » ({customer}) depuis le {since}, sans avenant : {amount} au prix vendu.",
    "{hours} h out of scope on “{project}” ({customer}) since {since}, without an amendment: {amount} at the price sold.",
    """
    WITH marked AS (
        SELECT *, regexp_matches(lower(strip_accents(concat_ws(' ', category, label))), $out_of_scope) AS outside
        FROM cost WHERE kind = 'labour' AND spent_on <= $as_of AND project_id IS NOT NULL
    ), worked AS (
        SELECT project_id, sum(hours) AS total, sum(hours) FILTER (outside) AS outside,
            coalesce(min(spent_on) FILTER (outside), max(spent_on)) AS since,
            (SELECT count(*) > 0 FROM marked WHERE outside) AS told
        FROM marked GROUP BY ALL
    ), sold AS (
        SELECT s.project, (sum(l.amount * s.rate) / sum(l.quantity))::DECIMAL(24, 6) AS day
        FROM sale s
        JOIN deal_line l ON l.source = s.source AND l.deal = s.key
        JOIN golden_product p ON p.golden_id = l.product_id
        WHERE l.quantity > 0 AND regexp_matches(lower(p.unit), '^(j|jour|jours|d|day|days)$') GROUP BY ALL
    )
    SELECT f.golden_project_id, f.golden_customer_id, f.source_keys AS evidence,
        coalesce(if(told, outside, total - f.budget_hours) * o.day / $hours_a_day, 0)::DECIMAL(24, 6) AS amount,
        1.0 AS confidence, w.since, if(told, outside, total - f.budget_hours)::INTEGER AS hours
    FROM figure f
    JOIN worked w ON w.project_id = f.golden_project_id
    LEFT JOIN sold o ON o.project = f.golden_project_id
    WHERE f.contract > 0 AND f.budget_hours > 0 AND w.total > f.budget_hours * 1.1 AND f.amendments = 0
        AND (w.outside > 0 OR NOT w.told)""",
)

PLANNING = (WITHOUT_PLAN, PLAN_DIFFERS, MILESTONE, UNBILLED_TIME, SCOPE_CREEP, MISSED_PERIOD)
