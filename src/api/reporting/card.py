"""The model card as a report: how good forecasts were on the company's own past, beside ways that need no model."""

from collections.abc import Mapping, Sequence

from api.reporting.report import Column, Language, Ranks, Said, Sheet
from api.reporting.writing import percent
from api.words import WORDS
from mdm.forecast.backtest.card import PARTS
from mdm.store.cards import Card

LANGUAGES: tuple[Language, ...] = ("fr", "en")

_MODELS: Mapping[str, Said] = {
    "model": Said("Le hub", "The hub"),
    "recalibrated": Said("Probabilité saisie, recalibrée", "Entered, recalibrated"),
    "entered": Said("Probabilité saisie", "Entered"),
    "stage_rate": Said("Taux de l'étape", "Rate of the stage"),
    "rate": Said("Taux de toutes les affaires", "Rate of all deals"),
    "habits": Said("Le hub", "The hub"),
    "segment": Said("Habitudes de clients semblables", "Customers alike"),
    "customer mean": Said("Retard moyen du client", "Customer's mean delay"),
    "due date": Said("Échéance", "Due date"),
    "shrunk": Said("Le hub", "The hub"),
    "bac/cpi": Said("Dépensé / avancement", "Spent / progress"),
    "budget": Said("Budget", "Budget"),
    "simulator": Said("Le hub", "The hub"),
    "weighted": Said("Affaires pondérées", "Weighted deals"),
    "usual": Said("Moyenne de douze mois", "Mean of twelve months"),
}
_SHARES = ("skill", "ece", "mape", "wape", "bias", "coverage")
"""Measures that are shares."""
_JUDGED: Mapping[str, tuple[str, float, str]] = {
    "winning": ("brier", 1000, ""),
    "payments": ("crps", 1, ""),
    "projects": ("mape", 100, "%"),
    "orders": ("wape", 100, "%"),
}
"""By part, the measure by which ways are held against each other (less is better), and how it is shown."""


def sheets(language: Language, cards: Sequence[Card]) -> list[Sheet]:
    """A sheet a part; where nothing was back-tested, one that says how."""
    found = {card.part: card for card in cards}
    return [_scores(language, found[part]) for part in PARTS if part in found] or [
        Sheet("card", Said(*WORDS["no_card"]), [Column("model", Said("", ""))], ())
    ]


def _scores(language: Language, card: Card) -> Sheet:
    """A part: a row a way, a column a measure; beside a coverage, where one that is truly 80 % is found."""
    title = Said(*WORDS[f"part_{card.part}"])
    measures = list(dict.fromkeys(score["measure"] for score in card.scores))
    rows = []
    for way in dict.fromkeys(score["model"] for score in card.scores):
        own = {score["measure"]: score for score in card.scores if score["model"] == way}
        held = own.get("coverage", {})
        between = " – ".join(percent(language, held[side]) for side in ("low", "high")) if held.get("low") is not None else None
        values = {measure: None if (value := score["value"]) is None else round(value, 4) for measure, score in own.items()}
        rows.append({**values, "model": _way(way)(language), "between": between, "n": next(iter(own.values()))["n"]})
    columns = [Column("model", Said("", ""))]
    for measure in measures:
        columns.append(Column(measure, Said(*WORDS[f"score_{measure}"]), "rate" if measure in _SHARES else "number"))
        if measure == "coverage":
            columns.append(Column("between", Said(*WORDS["score_between"])))
    if measures:
        columns.append(Column("n", Said(*WORDS["score_n"]), "number"))
    meaning = _NOTES[card.part] if card.scores else Said(*WORDS["no_backtest"])
    note = Said(*(f"{meaning(spoken)} {_MADE(spoken).format(day=card.as_of, model=card.model)}" for spoken in LANGUAGES))
    measure, times, unit = _JUDGED[card.part]
    judged = [(row["model"], row[measure] * times) for row in rows if row.get(measure) is not None]
    name = Said(*(f"{word} × {times:.0f}" if times != 1 and not unit else word for word in WORDS[f"score_{measure}"]))
    plots = [Ranks(name, [way for way, _ in judged], [value for _, value in judged], unit)] if judged else []
    return Sheet(f"card_{card.part}", title, columns, rows, plots, note)


def _way(name: str) -> Said:
    """A way to forecast, in words; `shrunk at 20%` names how far projects were."""
    way, at, share = name.partition(" at ")
    said = _MODELS.get(way, Said(way, way))
    return Said(f"{said.fr}, à {share.replace('%', ' %')}", f"{said.en}, at {share}") if at else said


_MADE = Said("Au {day}, version {model}.", "As of {day}, version {model}.")
_NOTES: Mapping[str, Said] = {
    "winning": Said(
        "Chaque fin de mois passée, par ce qui était connu alors. Brier : écart quadratique entre probabilité et issue, moins vaut mieux. Gain : ce "
        "qui en est épargné par rapport au taux de l'étape. Pente 1 : ni trop tranché ni trop timide.",
        "At every past month end, by what was known then. Brier: squared distance of probability and outcome, less is better. Skill: what is saved "
        "of it against the rate of the stage. Slope 1: neither too bold nor too timid.",
    ),
    "payments": Said(
        "CRPS : écart en jours entre la distribution prédite et la date de règlement, moins vaut mieux. WAPE : écart des encaissements d'une semaine, "
        "en part de ce qui est venu.",
        "CRPS: distance in days of the distribution forecast and the day of payment, less is better. WAPE: how far the cash of a week was off, as a "
        "share of what came.",
    ),
    "projects": Said(
        "Projets clos, estimés quand ils étaient avancés d'autant. MAPE : écart moyen au coût final.",
        "Projects that ended, estimated when they were so far done. MAPE: mean distance from the final cost.",
    ),
    "orders": Said(
        "Commandes d'un mois, prédites un à quatre mois avant. WAPE : écart, en part de ce qui est venu.",
        "Orders of a month, forecast one to four months before. WAPE: how far off, as a share of what came.",
    ),
}
LEGEND = (
    Said(
        "Couverture : part des cas dans l'intervalle à 80 % ; « entre » : où elle tombe par hasard si elle est vraiment de 80 %.",
        "Coverage: share of cases within the 80% interval; “between”: where it falls by chance where it is truly 80%.",
    ),
    Said("Refait par mdm backtest, et chaque semaine par mdm worker.", "Made anew by mdm backtest, and every week by mdm worker."),
)
