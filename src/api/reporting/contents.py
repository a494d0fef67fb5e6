"""What each report holds, made of the same rows as the answers of the API.

To add a table: append a `Sheet` to those that a function here returns, with a `Column` for each figure. To add a plot: put a `Bars`, `Ranks`,
`Intervals` or `Band` into the `plots` of a sheet. To add a report: write a function of `Told`, and name it in `REPORTS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from api.figures import Row
from api.reporting import card
from api.reporting.report import Band, Bars, Column, Intervals, Ranks, Report, Said, Sheet
from api.words import WORDS, month
from mdm import leaks
from mdm.forecast.checks.acting import NAMES
from mdm.forecast.margins import SHARES, risk, rollup
from mdm.settings import Settings
from mdm.store.cards import Card

MOST = 14
"""Lines of a plot."""


@dataclass(frozen=True)
class Told:
    """What reports are made of: the rows of the API's reports by name, findings with what is known of them, what back-tests found."""

    settings: Settings
    as_of: date
    known_at: datetime
    rows: Callable[[str], Sequence[Row]]
    findings: Callable[[], Sequence[Row]]
    cards: Callable[[], Sequence[Card]]


def report(name: str, told: Told) -> Report:
    """A report by its name. Raises KeyError on one that there is not."""
    title, legend, sheets = REPORTS[name]
    return Report(name, title, told.as_of, told.known_at, told.settings.currency, sheets(told), legend)


def _money(name: str, fr: str, en: str, *, total: bool = True, brief: bool = True) -> Column:
    return Column(name, Said(fr, en), "money", total, brief)


# Profitability.


_LABEL = Column("label", Said("Affaire", "Project"))
_FIGURES = (
    _money("contract", "Marché HT", "Contract"),
    _money("amendments", "Avenants", "Amendments", brief=False),
    _money("invoiced", "Facturé HT", "Invoiced"),
    _money("to_invoice", "À facturer", "To invoice", brief=False),
    _money("paid", "Encaissé TTC", "Paid, with tax", brief=False),
    _money("cost_to_date", "Coût à date", "Cost to date"),
    _money("margin_to_date", "Marge à date", "Margin to date", brief=False),
    _money("estimate_at_completion", "Coût à terminaison", "Cost at completion", brief=False),
    _money("margin_at_completion", "Marge à terminaison", "Margin at completion"),
)
_RATE = Column("taux_de_marque_at_completion", Said("Taux de marque", "Margin of sales"), "rate")
_WORK = (
    _money("wip", "Travaux à facturer", "Work not billed", brief=False),
    _money("billed_in_advance", "Facturé d'avance", "Billed in advance", brief=False),
    _money("backlog", "Reste à produire", "Backlog", brief=False),
)
_PROJECTS = (
    _LABEL,
    Column("customer", Said("Client", "Customer")),
    Column("status", Said("État", "Status"), brief=False),
    Column("nature", Said("Nature", "Nature"), brief=False),
    *_FIGURES[:8],
    _money("eac_p10", "Coût : bas (80 %)", "Cost: low (80%)", total=False, brief=False),
    _money("eac_p90", "Coût : haut (80 %)", "Cost: high (80%)", total=False, brief=False),
    _FIGURES[8],
    _money("margin_p10", "Marge : bas (80 %)", "Margin: low (80%)", total=False, brief=False),
    _money("margin_p90", "Marge : haut (80 %)", "Margin: high (80%)", total=False, brief=False),
    _RATE,
    Column("below_floor", Said("P(sous le plancher)", "P(below floor)"), "rate"),
    Column("progress", Said("Avancement", "Progress"), "rate", brief=False),
    *_WORK,
    Column("problems", Said("À corriger", "To be mended"), brief=False),
    Column("golden_project_id", Said("Référence", "Golden id"), brief=False),
)
_SUMMED = (
    Column("label", Said("Valeur", "Value")),
    Column("projects", Said("Affaires", "Projects"), "number"),
    *_FIGURES,
    _RATE,
    *_WORK,
)
_BY = {
    "customer": Said("Par client", "By customer"),
    "group": Said("Par groupe", "By group"),
    "product": Said("Par produit", "By product"),
    "salesperson": Said("Par commercial", "By salesperson"),
    "nature": Said("Par nature", "By nature"),
    "order_quarter": Said("Par trimestre de commande", "By quarter of order"),
    "revenue_quarter": Said("Par trimestre de facturation", "By quarter of revenue"),
}
_NOBODY = {"fr": "(sans)", "en": "(none)"}


def _profitability(told: Told) -> list[Sheet]:
    found = told.rows("profitability")
    doubts = risk(found, told.settings.margin_floor)
    rows: list[Row] = [{**row, **doubt} for row, doubt in zip(found, doubts, strict=True)]
    rows.sort(key=lambda row: (-(row["below_floor"] or 0), row["margin_at_completion"] or Decimal(0), row["golden_project_id"]))
    title = Said("Affaires, les plus menacées d'abord", "Projects, those most at risk first")
    return [Sheet("projects", title, _PROJECTS, rows, _at_risk(told, rows)), *(_sums(told, by) for by in _BY)]


def _at_risk(told: Told, rows: Sequence[Row]) -> list[Intervals]:
    """The running projects that most likely end below the floor."""
    chosen = [row for row in rows if row["progress_by"] != "closed" and row["below_floor"] is not None and _price(row) > 0][:MOST]
    if not chosen:
        return []
    floor = told.settings.margin_floor
    share = [tuple(float(row[name] / _price(row)) for name in ("margin_p10", "margin_at_completion", "margin_p90")) for row in chosen]
    title = Said("Taux de marque à terminaison, point et intervalle à 80 %", "Margin of sales at completion, point and 80% interval")
    return [
        Intervals(
            title, [row["label"] or row["golden_project_id"] for row in chosen], [(low, middle, high) for low, middle, high in share],
            [row["below_floor"] for row in chosen], floor, Said("plancher", "floor"),
        )
    ]  # fmt: skip


def _price(row: Row) -> Decimal:
    return Decimal(row["margin_at_completion"] + row["estimate_at_completion"])


def _sums(told: Told, by: str) -> Sheet:
    nobody = _NOBODY[told.settings.language]
    summed = rollup(pa.Table.from_pylist(list(told.rows(f"by_{by}")), SHARES)).to_pylist()
    rows = [{**row, "label": row["label"] or nobody} for row in summed]
    note = None
    if by == "product":
        note = Said(
            "Une affaire est répartie selon les lignes de ses affaires gagnées, sinon de ses factures ; les parts font l'affaire au centime.",
            "A project is split by the lines of its won deals, else of its invoices; the shares sum to the project to the cent.",
        )
    if by.startswith("revenue"):
        note = Said("Par date de facture et de coût ; le reste n'a pas de date.", "By the days of invoices and costs; the rest has no day.")
    return Sheet(f"by_{by}", _BY[by], _SUMMED, rows, note=note)


# Forecasts.


_MONTH = Column("month", Said("Mois", "Month"), "month")
_CURRENCY = Column("currency", Said("Devise", "Currency"))
_PIPELINE = (
    _MONTH,
    _CURRENCY,
    Column("deals", Said("Affaires", "Deals"), "number"),
    _money("amount", "Montant HT", "Amount"),
    _money("weighted", "Pondéré", "Weighted"),
    _money("overdue", "Clôture dépassée", "Closing date past"),
    _money("stale", "Sans activité", "Without activity"),
)
_BILLING = (
    _MONTH,
    _CURRENCY,
    _money("invoiced", "Facturé HT", "Invoiced"),
    _money("planned", "À facturer (échéancier)", "To bill (plan)"),
    _money("done", "Réalisé, non facturé", "Done, not invoiced"),
    _money("overdue", "Échéance dépassée", "Overdue lines"),
    _money("pipeline", "Affaires en cours, pondérées", "Open deals, weighted"),
    _money("pipeline_overdue", "Affaires échues, pondérées", "Overdue deals, weighted"),
)
_CASH = (
    _MONTH,
    _CURRENCY,
    _money("received", "Encaissé TTC", "Received"),
    _money("due", "À l'échéance", "By due date"),
    _money("overdue", "En retard", "Overdue"),
    _money("expected", "Attendu d'après les retards passés", "Expected by past delays"),
)
_BASES = {
    "closing": Said("Affaires en cours, par mois de clôture", "Open deals, by month of closing"),
    "phase": Said("Affaires en cours, par mois de facturation", "Open deals, by month of billing"),
    "won": Said("Affaires gagnées, par mois", "Deals won, by month"),
}


def _forecast(told: Told) -> list[Sheet]:
    deals = told.rows("pipeline")
    in_all = [row for row in deals if row["scope"] == "total"]
    by_month = {basis: [row for row in in_all if row["basis"] == basis] for basis in _BASES}
    pipelines = [
        Sheet(f"pipeline_{basis}", title, _PIPELINE, by_month[basis], _ahead(told, title, _PIPELINE[4:5], by_month[basis]))
        for basis, title in _BASES.items()
    ]
    people = [row for row in deals if row["scope"] == "salesperson" and row["basis"] == "closing"]
    person = Column("salesperson", Said("Commercial", "Salesperson"))
    by_person = Sheet(
        "pipeline_people", Said("Affaires en cours, par commercial", "Open deals, by salesperson"), (person, *_PIPELINE), people
    )
    bills = told.rows("billing")
    title = Said("Facturation, par mois", "Billing, by month")
    plots = _ahead(told, title, [_BILLING[at] for at in (3, 4, 5, 6, 7)], bills)
    return [*_outlook(told), *pipelines, by_person, Sheet("billing", title, _BILLING, bills, plots, _UNSIMULATED)]


_OUTLOOK = (
    Column("month", Said("Mois", "Month"), "month"),
    _money("mean", "Connu", "Known"),
    _money("p10", "Connu, P10", "Known, P10", total=False, brief=False),
    _money("p90", "Connu, P90", "Known, P90", total=False, brief=False),
    _money("mean_with_new", "Avec affaires à venir", "With deals to come"),
    _money("p10_with_new", "P10", "P10", total=False),
    _money("p90_with_new", "P90", "P90", total=False),
)
_OUTLOOKS = ("bookings", "revenue", "margin", "billing", "cash")


def _outlook(told: Told) -> list[Sheet]:
    """The simulated months ahead, a sheet a measure."""
    rows = told.rows("outlook")
    sheets = []
    for measure in _OUTLOOKS:
        own = [row for row in rows if row["measure"] == measure]
        title = Said(
            *(
                f"{WORDS[f'measure_{measure}'][at].capitalize()}, {said}"
                for at, said in enumerate(("12 mois simulés", "12 months simulated"))
            )
        )
        low, middle, high = ([float(row[f"{name}_with_new"]) for row in own] for name in ("p10", "p50", "p90"))
        plots = (
            [Band(title, [month(told.settings, row["month"]) for row in own], low, middle, high, told.settings.currency)]
            if any(high)
            else []
        )
        sheets.append(Sheet(f"outlook_{measure}", title, _OUTLOOK, own, plots, _SIMULATED))
    return sheets


_SIMULATED = Said(
    "Huit trajectoires sur dix sont entre P10 et P90. Affaires en cours, projets signés et factures ouvertes ; puis les affaires à venir, comme "
    "depuis douze mois. Encaissements TTC, le reste HT.",
    "Eight paths in ten lie between P10 and P90. Open deals, signed projects and open invoices; then deals to come, as in the past twelve months. "
    "Cash with tax, the rest without.",
)


def _cash(told: Told) -> list[Sheet]:
    rows = told.rows("cash")
    title = Said("Encaissements, par mois", "Cash in, by month")
    due = Said("À venir, à l'échéance et en retard", "To come, by due date and overdue")
    expected = Said("À venir, d'après les retards passés", "To come, by past delays")
    return [Sheet("cash", title, _CASH, rows, [*_ahead(told, due, _CASH[3:5], rows), *_ahead(told, expected, _CASH[5:], rows)])]


def _ahead(told: Told, title: Said, columns: Sequence[Column], rows: Sequence[Row]) -> list[Bars]:
    """Bars of the months to come, in the company's currency; of what is past where nothing is ahead."""
    own = [row for row in rows if row["currency"] == told.settings.currency and row["month"] is not None]
    chosen = [row for row in own if row["month"] >= told.as_of.replace(day=1)][:MOST] or own[-MOST:]
    if not chosen:
        return []
    series = [(column.title, [float(row[column.name]) for row in chosen]) for column in columns]
    return [Bars(title, [month(told.settings, row["month"]) for row in chosen], series, told.settings.currency)]


_UNSIMULATED = Said(*WORDS["forecast_note"])

# Leakage.


_FINDINGS = (
    Column("said", Said("Constat", "Finding")),
    _money("amount", "En jeu", "At risk"),
    Column("confidence", Said("Confiance", "Confidence"), "rate", brief=False),
    Column("since", Said("Depuis", "Since"), "date", brief=False),
    Column("age_days", Said("Âge, jours", "Age, days"), "number", brief=False),
    Column("whose", Said("Responsable", "Owner")),
    Column("action", Said("À faire", "To do"), brief=False),
    Column("standing", Said("État", "State")),
    Column("reason", Said("Motif", "Reason"), brief=False),
    _money("recovered", "Récupéré", "Recovered", brief=False),
    Column("evidence", Said("Pièces", "Evidence"), brief=False),
    Column("id", Said("Référence", "Id"), brief=False),
)
_TOTALS = (
    Column("name", Said("", "")),
    Column("open", Said("Ouverts", "Open"), "number", total=True),
    _money("at_risk", "En jeu", "At risk"),
    _money("accepted", "Accepté", "Accepted"),
    Column("fixed", Said("Corrigés", "Fixed"), "number", total=True),
    _money("recovered", "Récupéré", "Recovered"),
    Column("link_first", Said("À lier d'abord", "Link first"), "number", total=True),
)


def _leakage(told: Told) -> list[Sheet]:
    language = told.settings.language

    def word(key: str) -> str:
        return Said(*WORDS[key])(language)

    found = sorted(told.findings(), key=lambda row: (-(row["amount"] or 0), row["id"]))
    rows = [
        {
            **row,
            "said": row[language],
            "action": row[f"action_{language}"],
            "whose": row["owner"] or word(f"role_{row['owner_role']}"),
            "standing": word("link_first").format(pair=(row["pair"] or "?").replace(";", " ↔ ")) if row["link_first"] else word(f"leak_{row['state']}"),
        }
        for row in found
    ]  # fmt: skip
    roles = ("salesperson", "lead", "accounting")
    names = {slug: Said(*name)(language) for slug, name in NAMES.items()} | {role: word(f"role_{role}") for role in roles}
    summed = [{**vars(one), "name": names.get(one.value or "", one.value)} for one in leaks.totals(found)]
    checks, owners = ([row for row in summed if row["by"] == by] for by in ("check", "owner"))
    most = [row for row in checks if row["at_risk"] > 0][:MOST]
    plot = Ranks(
        Said("En jeu, par contrôle", "At risk, by check"), [row["name"] for row in most], [float(row["at_risk"]) for row in most], told.settings.currency
    )  # fmt: skip
    return [
        Sheet("checks", Said("Par contrôle", "By check"), _TOTALS, checks, [plot] if most else []),
        Sheet("owners", Said("Par responsable", "By owner"), _TOTALS, owners),
        Sheet(
            "findings",
            Said("Constats ouverts, les plus lourds d'abord", "Open findings, what weighs most first"),
            _FINDINGS,
            [row for row in rows if row["state"] == "open" and not row["link_first"]],
        ),
        Sheet(
            "links", Said("À lier d'abord", "Link first"), _FINDINGS, [row for row in rows if row["state"] == "open" and row["link_first"]]
        ),
        Sheet(
            "settled",
            Said("Acceptés, fausses alertes, corrigés", "Accepted, false alarms, fixed"),
            _FINDINGS,
            [row for row in rows if row["state"] != "open"],
        ),
    ]


_LEGEND = (
    Said("Montants hors taxes, sauf mention TTC ; jamais additionnés entre devises.", "Amounts without tax unless said otherwise; never added across currencies."),
)  # fmt: skip
_MARGINS = (
    *_LEGEND,
    Said("Taux de marque = marge / prix de vente.", "Margin of sales (taux de marque) = margin / price."),
    Said("Bas et haut : entre les deux, 80 % des cas.", "Low and high: 80% of cases lie between them."),
    Said(
        "P(sous le plancher) : probabilité que la marge à terminaison soit sous MDM_MARGIN_FLOOR, en part du prix.",
        "P(below floor): probability that the margin at completion is below MDM_MARGIN_FLOOR, as a share of price.",
    ),
    Said(
        "Travaux à facturer = acquis non facturé ; acquis = marché et avenants × avancement.",
        "Work not billed = earned and not invoiced; earned = contract and amendments × progress.",
    ),
)  # fmt: skip
_LEAKS = (
    *_LEGEND,
    Said(
        "« Lier d'abord » : le lien sur lequel repose le constat est sous 95 % ; il n'est dans aucun total.",
        "“Link first”: the link that the finding rests on is below 95%; it is in no total of checks and owners.",
    ),
    Said(
        "Récupéré : ce qui a été facturé, crédité ou encaissé depuis, quand les faits le disent.",
        "Recovered: what was invoiced, credited or paid since, where facts tell.",
    ),
)  # fmt: skip

Contents = tuple[Said, Sequence[Said], Callable[[Told], list[Sheet]]]
REPORTS: Mapping[str, Contents] = {
    "profitability": (Said("Rentabilité", "Profitability"), _MARGINS, _profitability),
    "forecast": (Said("Prévision", "Forecast"), _LEGEND, _forecast),
    "cash": (Said("Encaissements", "Cash"), _LEGEND, _cash),
    "leakage": (Said("Fuites", "Leakage"), _LEAKS, _leakage),
    "card": (Said("Fiche des modèles", "Model card"), card.LEGEND, lambda told: card.sheets(told.settings.language, told.cards())),
}
"""By name: title, legend, sheets."""
