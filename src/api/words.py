"""What the hub says to people, in French and in English, and how figures are written there."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from matching.phrases import Noun
from mdm.settings import Settings

WORDS: dict[str, tuple[str, str]] = {
    "loaded": ("Chargement", "Loaded"),
    "stream": ("Flux", "Stream"),
    "entity": ("Entité", "Entity"),
    "source": ("Source", "Source"),
    "read": ("lus", "read"),
    "new": ("nouveaux", "new"),
    "changed": ("modifiés", "changed"),
    "unchanged": ("inchangés", "unchanged"),
    "deleted": ("supprimés", "deleted"),
    "quarantined": ("valeurs écartées", "values set aside"),
    "rejected": ("rejetés", "rejected"),
    "warning": ("remarques", "warnings"),
    "problems": ("À corriger à la source", "To be mended at the source"),
    "more_problems": ("la suite : mdm status --problems", "the rest: mdm status --problems"),
    "nothing_changed": (
        "Rien n'a changé : les fiches de référence sont à jour.",
        "Nothing has changed: the golden records are up to date.",
    ),
    "put_off": ("Travail {job} mis en attente ; `mdm worker` le fera.", "Job {job} is waiting; `mdm worker` will do it."),
    "verified": ("{entity} : {records} fiches rapprochées de nouveau", "{entity}: {records} records matched anew"),
    "verify_waiting": (
        "{entity} : {count} fiches attendent d'être rapprochées (mdm match) ; jusque-là, elles peuvent paraître comme des écarts",
        "{entity}: {count} records wait to be matched (mdm match); until then, they may show as differences",
    ),
    "differences": ("Écarts : {count}", "Differences: {count}"),
    "golden_records": ("Fiches de référence", "Golden records"),
    "records": ("fiches", "records"),
    "golden": ("références", "golden"),
    "events": ("changements", "changes"),
    "no_change": ("aucun", "none"),
    "created": ("créées", "created"),
    "updated": ("mises à jour", "updated"),
    "merged": ("fusionnées", "merged"),
    "absorbed": ("absorbées", "absorbed"),
    "retired": ("retirées", "retired"),
    "split": ("scindées", "split"),
    "revived": ("rétablies", "back in use"),
    "redirected": ("renvoyées ailleurs", "leading elsewhere"),
    "oversized": (
        "la règle {rule} a un bloc de {largest} fiches, trop grand ; {left} n'y ont pas été comparées",
        "the rule {rule} has a block of {largest} records, too large; {left} were not compared under it",
    ),
    "duplicates": ("doublons", "duplicates"),
    "certain": ("certains (> 99,9 %)", "certain (> 99.9%)"),
    "likely": ("sûrs (> 95 %)", "sure (> 95%)"),
    "probable": ("probables", "probable"),
    "waiting": ("à trancher", "for a steward"),
    "records_in": ("1. Ce qui est entré", "1. What came in"),
    "matched": ("2. Qui est qui", "2. Who is who"),
    "example": ("Par exemple", "For example"),
    "steward": ("3. Ce qui attend un gestionnaire de données", "3. What waits for a steward"),
    "profit": ("4. Les affaires, celles qui perdent de l'argent d'abord", "4. Projects, those that lose money first"),
    "project": ("Affaire", "Project"),
    "customer": ("Client", "Customer"),
    "contract": ("Marché HT", "Contract"),
    "cost": ("Coût", "Cost"),
    "eac": ("À terminaison (80 %)", "At completion (80%)"),
    "margin": ("Marge", "Margin"),
    "mark_up": ("Marque", "Of price"),
    "all_projects": ("Toutes les affaires", "All projects"),
    "ahead": ("5. Les mois qui viennent", "5. The months ahead"),
    "month": ("Mois", "Month"),
    "planned": ("À facturer", "To bill"),
    "billing_expected": ("Facturation attendue", "Billing expected"),
    "cash_due": ("À encaisser, à l'échéance", "Cash by due date"),
    "cash_expected": ("Encaissements attendus", "Cash expected"),
    "ahead_note": (
        "Attendu, et entre parenthèses pour 80 % : affaires en cours et à venir, projets signés, factures ouvertes, simulés sur 5 000 trajectoires.",
        "Expected, and in brackets for 80%: deals open and to come, signed projects and open invoices, simulated on 5,000 paths.",
    ),
    "late": ("{} en retard", "{} late"),
    "dunning_none": ("Rien n'est en retard.", "Nothing is overdue."),
    "dunning_level": ("Niveau", "Level"),
    "dunning_amount": ("À réclamer", "To claim"),
    "dunning_invoices": ("Factures", "Invoices"),
    "dunning_oldest": ("Retard, jours", "Days late"),
    "dunning_why": ("Pourquoi", "Why"),
    "dunning_frozen": ("Gelées", "Frozen"),
    "dunning_due": ("relance à envoyer : {channel}", "letter to send: {channel}"),
    "dunning_covered": ("couvert par ce qui est au compte du client", "covered by what the customer has on account"),
    "dunning_minimum": ("en dessous du minimum", "below the minimum"),
    "dunning_too_early": ("trop tôt", "too early"),
    "dunning_gap": ("relancé récemment", "reminded lately"),
    "dunning_all_sent": ("tous les niveaux sont envoyés : recouvrement", "every level was sent: collection"),
    "dunning_dispute": ("en litige", "disputed"),
    "dunning_promise": ("règlement promis", "payment promised"),
    "dunning_written": ("{count} lettres écrites dans {folder}", "{count} letters written to {folder}"),
    "hold_set": ("Blocage {id} : {invoice} n'est plus relancée.", "Hold {id}: {invoice} is not reminded of any more."),
    "hold_released": ("Blocage {id} levé : {invoice} est relancée à nouveau.", "Hold {id} released: {invoice} is reminded of again."),
    "leaks": ("6. L'argent qui se perd", "6. Money that leaks"),
    "findings": ("constats", "findings"),
    "at_risk": ("en jeu", "at risk"),
    "no_leak": ("Aucune fuite trouvée.", "No leak found."),
    "open": ("ouverts", "open"),
    "recovered": ("récupéré", "recovered"),
    "leak_open": ("ouvert", "open"),
    "leak_accepted": ("accepté", "accepted"),
    "leak_false_alarm": ("fausse alerte", "false alarm"),
    "leak_fixed": ("corrigé", "fixed"),
    "leak_first_seen": ("vu pour la première fois", "first seen"),
    "leak_marked": ("{id} : {state}", "{id}: {state}"),
    "link_first": ("lier d'abord : {pair}", "link first: {pair}"),
    "role_salesperson": ("commercial", "salesperson"),
    "role_lead": ("chef de projet", "project lead"),
    "role_accounting": ("comptabilité", "accounting"),
    "serving": ("7. Et maintenant", "7. And now"),
    "api_at": ("L'API répond sur", "The API answers at"),
    "docs_at": ("documentation", "documentation"),
    "key_once": ("Clé d'administration (montrée une seule fois)", "Admin key (shown once)"),
    "key_known": (
        "La clé d'administration a déjà été montrée ; `mdm key` en crée une autre.",
        "The admin key was shown before; `mdm key` makes another one.",
    ),
    "stop": ("Ctrl+C pour arrêter.", "Ctrl+C to stop."),
    "own_files": (
        "Vos propres fichiers : mdm init, puis mdm load --config sources.toml",
        "Your own files: mdm init, then mdm load --config sources.toml",
    ),
    "demo_made": ("Une entreprise de démonstration, inventée", "A demo company, invented"),
    "total": ("Total", "Total"),
    "empty": ("", ""),
    "pairs_joined": ("paires réunies", "pairs joined"),
    "pairs_judged": ("paires jugées", "pairs judged"),
    "precision": ("précision", "precision"),
    "recall": ("rappel", "recall"),
    "f1": ("F1", "F1"),
    "golden_right": ("références exactes", "golden records right"),
    "things_whole": ("retrouvées en entier", "found whole"),
    "rulings": ("décisions pour / contre", "rulings for / against"),
    "sample_written": (
        "{count} paires à juger dans {out} : oui ou non dans la colonne verdict, puis mdm quality --judged {out}",
        "{count} pairs to judge in {out}: yes or no in the column verdict, then mdm quality --judged {out}",
    ),
    "what_if": ("{entity}, si {bits} bits suffisaient à réunir", "{entity}, if {bits} bits were enough to join"),
    "now": ("aujourd'hui", "now"),
    "then": ("alors", "then"),
    "bits": ("bits", "bits"),
    "largest": ("fiches de la plus grande", "records of the largest"),
    "merging": ("réunions", "merges"),
    "splitting": ("séparations", "splits"),
    "moving": ("échanges de fiches", "records changing places"),
    "pairs_gained": ("paires réunies en plus", "pairs joined more"),
    "pairs_lost": ("paires réunies en moins", "pairs joined no more"),
    "would_merge": ("réunion :", "merge:"),
    "would_split": ("séparation :", "split:"),
    "would_both": ("échange :", "change:"),
    "rulings_taken": ("{} décisions reprises, {} déjà en vigueur, {} écartées", "{} rulings taken over, {} in force already, {} left out"),
    "pins_taken": (
        "{} valeurs imposées reprises, {} déjà en vigueur, {} écartées",
        "{} pins taken over, {} in force already, {} left out",
    ),
    "rules_would": (
        "{changed} fiches de référence sur {golden} auraient d'autres valeurs. Rien n'est écrit.",
        "{changed} golden records of {golden} would have other values. Nothing is written.",
    ),
    "rules_put": (
        "Règles de {entity}, version {version} : en vigueur. mdm match met les fiches de référence à jour.",
        "Rules of {entity}, version {version}: in force. mdm match brings the golden records up to date.",
    ),
    "rules_same": ("Ces règles sont déjà en vigueur.", "These rules are in force already."),
    "field": ("Champ", "Field"),
    "by_rule": ("règle : {rule}", "rule: {rule}"),
    "together": ("Une seule référence : {}", "One golden record: {}"),
    "apart": ("Deux références : {} et {}", "Two golden records: {} and {}"),
    "not_in_force": (
        "Écarts entre ces paires et les références en vigueur : {count} ; mdm match les résorbe.",
        "Differences between these pairs and the golden records in force: {count}; mdm match settles them.",
    ),
    "more_changes": ("et {count} de plus", "and {count} more"),
    "what_if_rests_on": (
        "Rien n'est écrit. Calculé sur les paires gardées au dernier rapprochement ; précision et rappel sont ceux des probabilités du modèle.",
        "Nothing is written. Computed from the pairs kept by the last match; precision and recall are those of the model's probabilities.",
    ),
    "known_at": (
        "Au {}, d'après ce que le hub savait le {} (--as-of et --known-at redonnent ces chiffres)",
        "As of {}, by what the hub knew at {} (--as-of and --known-at give these figures again)",
    ),
    "last_runs": ("Derniers traitements", "Last runs"),
    "task": ("N°", "No."),
    "kind": ("Question", "Question"),
    "stake": ("En jeu", "At stake"),
    "about": ("À propos de", "About"),
    "why_asked": ("Pourquoi", "Why"),
    "pair": ("paire", "pair"),
    "cluster": ("référence douteuse", "doubtful golden record"),
    "value": ("valeur écartée", "value set aside"),
    "pin": ("valeur imposée", "pinned value"),
    "asked_pair": ("{chance} de chances que ce soit la même chose", "a {chance} chance that they are one thing"),
    "asked_thin": ("réunies sur peu d'indices : {chance}", "joined on thin evidence: {chance}"),
    "asked_value": ("{field} {value!r} : {reason}", "{field} {value!r}: {reason}"),
    "asked_pin": ("{field} : une source dit autre chose, ou la même désormais", "{field}: a source says otherwise, or the same by now"),
    "sign_contradiction": ("deux se contredisent", "two contradict each other"),
    "sign_veto": ("deux valeurs de {field}", "two values of {field}"),
    "sign_bridge": ("un seul lien faible entre deux groupes", "one weak link between two groups"),
    "sign_large": ("beaucoup de fiches", "very many records"),
    "moves": ("{facts} : {euros}", "{facts}: {euros}"),
    "nothing_moves": ("Aucun fait n'en dépend.", "Nothing hangs on it."),
    "would_move": ("Ce qui changerait de référence{side} :", "What would move{side}:"),
    "no_task": ("Plus rien à trancher.", "Nothing is left to decide."),
    "more_tasks": ("{count} questions attendent, {euros} en jeu", "{count} questions wait, {euros} at stake"),
    "review_keys": (
        "[y] même  [n] différent  [u] pas sûr  [s] passer  [q] quitter",
        "[y] same  [n] different  [u] unsure  [s] skip  [q] quit",
    ),
    "review_keys_choice": (
        "[y] garder  [n] rejeter  [u] pas sûr  [s] passer  [q] quitter",
        "[y] keep  [n] drop  [u] unsure  [s] skip  [q] quit",
    ),
    "unknown_key": ("Touche inconnue : {key!r}", "No such key: {key!r}"),
    "judged_settled": ("Décidé.", "Decided."),
    "judged_second": ("Noté ; un autre gestionnaire doit le confirmer.", "Kept; another steward has to confirm it."),
    "judged_third": (
        "Noté ; les gestionnaires ne sont pas d'accord, un autre doit trancher.",
        "Kept; stewards disagree, and another has to decide.",
    ),
    "disagreed": ("Deux gestionnaires ne sont pas d'accord : votre avis tranche.", "Two stewards disagree: your verdict decides."),
    "reviewed": ("{count} décisions ; `mdm match` les met en œuvre.", "{count} verdicts; `mdm match` carries them out."),
    "deal": ("Affaire", "Deal"),
    "salesperson": ("Commercial", "Salesperson"),
    "amount": ("Montant", "Amount"),
    "closes_on": ("Clôture", "Closes"),
    "entered": ("Saisi", "Entered"),
    "chance": ("Chance (80 %)", "Chance (80%)"),
    "expected_on": ("Si gagnée, vers", "If won, about"),
    "why_at_risk": ("Ce qui inquiète", "What speaks against it"),
    "no_open_deal": ("Aucune affaire en cours.", "No open deal."),
    "no_history": ("Aucune affaire close : le taux habituel.", "No deal has ended: the usual rate."),
    "stage_table": ("{closed} affaires closes : le taux de leur étape.", "{closed} ended deals: the rate of their stage."),
    "logit": ("{closed} affaires closes : étape, produit et commercial.", "{closed} ended deals: stage, product and salesperson."),
    "empirical_bayes": (
        "{closed} affaires closes : étape, produit, commercial, et ce qu'il saisit, tel que cela s'est réalisé.",
        "{closed} ended deals: stage, product, salesperson, and what is entered, as it came true.",
    ),
    "competing_risks": (
        "{closed} affaires closes : temps passé à chaque étape, produit, commercial, et ce qu'il saisit, tel que cela s'est réalisé.",
        "{closed} ended deals: time in each stage, product, salesperson, and what is entered, as it came true.",
    ),
    "forecast_note": (
        "Pondéré par les probabilités saisies par ligne de produit ; sans simulation.",
        "Weighted by the probability entered for each product line; not simulated.",
    ),
    "part_winning": ("Affaires gagnées ou perdues", "Deals won or lost"),
    "part_payments": ("Dates de règlement", "When invoices are paid"),
    "part_projects": ("Coût des projets à terminaison", "What projects cost in the end"),
    "part_orders": ("Commandes par mois", "Orders by month"),
    "no_backtest": ("Pas assez de passé pour en juger.", "Not enough past to tell."),
    "score_brier": ("Brier", "Brier"),
    "score_log_loss": ("log-loss", "log-loss"),
    "score_skill": ("gain / étape", "skill / stage"),
    "score_slope": ("pente", "slope"),
    "score_ece": ("ECE", "ECE"),
    "score_bias": ("biais", "bias"),
    "score_crps": ("CRPS, jours", "CRPS, days"),
    "score_wape": ("WAPE", "WAPE"),
    "score_mape": ("MAPE", "MAPE"),
    "score_pinball": ("pinball", "pinball"),
    "score_coverage": ("couverture à 80 %", "coverage at 80%"),
    "score_between": ("entre", "between"),
    "no_card": (
        "Pas encore de bilan : mdm backtest le fait, en quelques minutes",
        "No back-test yet: mdm backtest makes one, in some minutes",
    ),
    "score_n": ("n", "n"),
    "months_ahead": ("Les mois à venir", "The months ahead"),
    "ahead_measure": ("", ""),
    "ahead_known_deals": ("connu", "known"),
    "ahead_with_new_deals": ("avec affaires à venir", "with deals to come"),
    "ahead_p10": ("P10", "P10"),
    "ahead_p90": ("P90", "P90"),
    "ahead_asked": ("avec leviers", "with levers"),
    "ahead_difference": ("écart", "difference"),
    "ahead_reached": ("objectif atteint", "target reached"),
    "measure_bookings": ("commandes", "bookings"),
    "measure_revenue": ("chiffre d'affaires", "revenue"),
    "measure_cost": ("coûts", "costs"),
    "measure_margin": ("marge", "margin"),
    "measure_billing": ("facturation", "billing"),
    "measure_cash": ("encaissements", "cash in"),
    "ahead_behind": (
        "{deals} affaires ouvertes, {paths} trajectoires, corrélation du marché {rho}. Montants HT, encaissements TTC.",
        "{deals} open deals, {paths} paths, correlation of the market {rho}. Amounts without tax, cash with tax.",
    ),
    "ahead_left_out": ("Laissée de côté : {what}, {why}", "Left out: {what}, {why}"),
    "left_unpriced": ("elle n'a pas de montant", "it has no amount"),
    "left_forgotten": ("plus en retard que toute ligne facturée jusqu'ici", "later than any line that was billed so far"),
    "left_no_rate": ("aucune facture ne donne le cours de sa devise", "no invoice tells a rate of its currency"),
    "floor": ("plancher", "floor"),
    "room": ("marge de manœuvre", "room"),
    "floor_cash": ("trésorerie (achats seuls)", "cash (goods alone)"),
    "floor_contribution": ("coûts directs", "direct costs"),
    "floor_full": ("coût complet et marge voulue", "full cost and the margin wanted"),
    "negotiation_behind": (
        "Taux de marque attendu {margin} ; {wanted} ou plus avec une probabilité de {sure}. Payé en {days} jours ; {projects} projets passés.",
        "Expected margin on sales {margin}; {wanted} or more with a probability of {sure}. Paid in {days} days; {projects} past projects.",
    ),
}


def word(settings: Settings, key: str) -> str:
    """A phrase in the language of the settings."""
    french, english = WORDS[key]
    return french if settings.language == "fr" else english


def number(settings: Settings, value: int | float | Decimal) -> str:
    """A figure with its thousands apart."""
    return str(format_decimal(value, locale=settings.language))


def money(settings: Settings, value: Decimal | float | None, currency: str | None = None) -> str:
    """An amount without cents."""
    if value is None:
        return "–"
    return str(format_currency(value, currency or settings.currency, locale=settings.language, format="#,##0 ¤", currency_digits=False))


def percent(settings: Settings, value: float | None) -> str:
    """A share."""
    return "–" if value is None else str(format_percent(value, locale=settings.language, format="#,##0 %"))


def month(settings: Settings, day: date) -> str:
    """A month and its year."""
    return str(format_date(day, "MMM yyyy", locale=settings.language))


FACTS: dict[str, tuple[Noun, Noun]] = {
    "deal": (Noun("affaire", "affaires", True), Noun("deal", "deals")),
    "deal_line": (Noun("ligne d'affaire", "lignes d'affaire", True), Noun("deal line", "deal lines")),
    "plan_line": (Noun("échéance", "échéances", True), Noun("planned invoice", "planned invoices")),
    "invoice": (Noun("facture", "factures", True), Noun("invoice", "invoices")),
    "invoice_line": (Noun("ligne de facture", "lignes de facture", True), Noun("invoice line", "invoice lines")),
    "payment": (Noun("règlement", "règlements"), Noun("payment", "payments")),
    "budget": (Noun("budget", "budgets"), Noun("budget", "budgets")),
    "amendment": (Noun("avenant", "avenants"), Noun("amendment", "amendments")),
    "cost": (Noun("coût", "coûts"), Noun("cost", "costs")),
}
"""What facts that refer to masters are called."""

FIELDS: dict[str, tuple[Noun, Noun]] = {
    "salesperson": (Noun("commercial", "commerciaux"), Noun("salesperson", "salespeople")),
    "customer": (Noun("client", "clients"), Noun("customer", "customers")),
    "customer_name": (Noun("nom du client", "noms du client"), Noun("name of the customer", "names of the customer")),
    "account_code": (Noun("compte comptable", "comptes comptables"), Noun("ledger account", "ledger accounts")),
    "ordered_on": (Noun("date de commande", "dates de commande", True), Noun("order date", "order dates")),
}
"""Fields that are called otherwise than their kinds."""


def nouns(settings: Settings) -> dict[str, Noun]:
    """What fields are called in the language of the settings."""
    return {name: french if settings.language == "fr" else english for name, (french, english) in FIELDS.items()}
