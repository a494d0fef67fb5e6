"""Checks on deals: won and not delivered, delivered and not sold, discounts, deals that nobody looks after."""

from mdm.forecast.checks.check import Check

WON_WITHOUT_PROJECT = Check(
    1,
    "won_deal_without_project",
    "L'affaire « {name} » ({customer}), gagnée le {since}, n'a pas de projet : {amount} qui ne seront pas facturés.",
    "Deal “{name}” ({customer}), won on {since}, has no project: {amount} that nobody will invoice.",
    """
    SELECT NULL::VARCHAR AS golden_project_id, customer_id AS golden_customer_id, source || ':' || key AS evidence, value AS amount,
        1.0 AS confidence, closes_on AS since, name
    FROM sale WHERE status = 'won' AND project IS NULL AND closes_on < $as_of - 10""",
)

PROJECT_WITHOUT_DEAL = Check(
    2,
    "project_without_deal",
    "Le projet « {project} » ({customer}) ne vient d'aucune affaire du CRM : {amount} vendus sans trace.",
    "Project “{project}” ({customer}) comes from no deal in the CRM: {amount} sold without a trace.",
    """
    SELECT f.golden_project_id, f.golden_customer_id, f.source_keys AS evidence, f.contract + f.amendments AS amount, 1.0 AS confidence,
        coalesce(p.ordered_on, f.starts_on) AS since
    FROM figure f JOIN golden_project p ON p.golden_id = f.golden_project_id
    WHERE f.contract > 0 AND EXISTS (SELECT 1 FROM deal)
        AND NOT EXISTS (SELECT 1 FROM sale s WHERE s.project = f.golden_project_id)
        AND NOT EXISTS (SELECT 1 FROM members_project m JOIN deal d USING (source, key) WHERE m.golden_id = f.golden_project_id)
        AND NOT EXISTS (SELECT 1 FROM twin t WHERE t.golden_project_id = f.golden_project_id)""",
)

DISCOUNT_OVER_AUTHORITY = Check(
    9,
    "discount_over_authority",
    "Sur « {name} » ({customer}), {salesperson} a remis {discount} % là où sa limite est de {authority} %, sans accord : {amount}.",
    "On “{name}” ({customer}) {salesperson} gave {discount}% where the limit is {authority}%, without approval: {amount}.",
    """
    SELECT s.project AS golden_project_id, s.customer_id AS golden_customer_id,
        min(s.source || ':' || s.key) || ';' || string_agg(l.source || ':' || l.key, ';' ORDER BY l.key) AS evidence,
        sum(coalesce(l.quantity * l.list_price * (l.discount - p.discount_authority) * 0.01, 0) * s.rate)::DECIMAL(24, 6) AS amount,
        1.0 AS confidence, min(coalesce(s.closes_on, s.created_on)) AS since, s.name, max(l.discount)::DOUBLE AS discount,
        max(p.discount_authority)::DOUBLE AS authority, concat_ws(' ', max(p.given_name), max(p.family_name)) AS salesperson
    FROM sale s
    JOIN deal_line l ON l.source = s.source AND l.deal = s.key
    JOIN golden_salesperson p ON p.golden_id = s.salesperson_id
    WHERE s.status <> 'lost' AND l.discount > p.discount_authority AND s.discount_approved_by IS NULL
    GROUP BY s.project, s.customer_id, s.source, s.key, s.name""",
)

STALE_OR_INCONSISTENT = Check(
    19,
    "stale_or_inconsistent_deal",
    "L'affaire « {name} » ({customer}) {why_fr} : {amount} mal prévus.",
    "Deal “{name}” ({customer}) {why_en}: {amount} forecast wrongly.",
    """
    SELECT s.project AS golden_project_id, s.customer_id AS golden_customer_id, s.source || ':' || s.key AS evidence, s.value AS amount,
        1.0 AS confidence, coalesce(s.last_activity_on, s.closes_on, s.created_on) AS since, s.name,
        if(s.probability IN (0, 100), 'est ouverte avec une probabilité de ' || s.probability::INTEGER || ' %',
            'est ouverte, sa date de clôture est passée et plus rien ne s''y passe') AS why_fr,
        if(s.probability IN (0, 100), 'is open with a probability of ' || s.probability::INTEGER || '%',
            'is open, its closing date has passed and nothing happens any more') AS why_en
    FROM sale s
    WHERE s.status = 'open' AND (s.probability IN (0, 100)
        OR (s.closes_on < $as_of - 30 AND coalesce(s.last_activity_on, s.created_on, s.closes_on) < $as_of - 60))
    UNION ALL
    SELECT t.golden_project_id, s.customer_id, s.source || ':' || s.key || ';' || t.evidence, s.value, 1.0, s.closes_on, s.name,
        'est perdue dans le CRM alors que son projet est en cours ou facturé', 'is lost in the CRM while its project runs or is billed'
    FROM twin t JOIN sale s USING (source, key)""",
)

SELLING = (WON_WITHOUT_PROJECT, PROJECT_WITHOUT_DEAL, DISCOUNT_OVER_AUTHORITY, STALE_OR_INCONSISTENT)
