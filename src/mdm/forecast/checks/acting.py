"""Who is to act on what a check finds, what is to be done, and by what a finding is known again."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["salesperson", "lead", "accounting"]
Subject = Literal["document", "project", "customer"]


@dataclass(frozen=True)
class Action:
    """What is to be done about a finding.

    `of` is what it is about: the document that its evidence names first, its project, or its customer. Other evidence may come and go.
    """

    owner: Role
    of: Subject
    fr: str
    en: str


ACTIONS: dict[str, Action] = {
    "won_deal_without_project": Action(
        "salesperson", "document", "Ouvrir le projet, ou corriger l'état de l'affaire.", "Open the project, or correct the state of the deal."
    ),
    "project_without_deal": Action(
        "salesperson", "project", "Saisir l'affaire dans le CRM, ou y rattacher le projet.", "Enter the deal in the CRM, or link the project to it."
    ),
    "project_without_invoice_plan": Action(
        "lead", "project", "Établir l'échéancier de facturation.", "Draw up the invoice plan."
    ),
    "plan_differs_from_contract": Action(
        "lead", "project", "Accorder l'échéancier au marché et à ses avenants.", "Make the plan agree with the contract and its amendments."
    ),
    "milestone_done_not_invoiced": Action("accounting", "document", "Facturer le jalon.", "Invoice the milestone."),
    "unbilled_time": Action("accounting", "document", "Facturer le temps passé.", "Invoice the time spent."),
    "invoice_without_deal_or_project": Action(
        "accounting", "document", "Rattacher la facture à son projet ou à son affaire.", "Link the invoice to its project or deal."
    ),
    "price_below_contract": Action(
        "accounting", "document", "Facturer la différence, ou faire approuver le prix.", "Invoice the difference, or have the price approved."
    ),
    "discount_over_authority": Action(
        "salesperson", "document", "Faire approuver la remise, ou la ramener à la limite.", "Have the discount approved, or bring it back to the limit."
    ),
    "over_billing": Action(
        "lead", "project", "Faire signer un avenant, ou émettre un avoir.", "Have an amendment signed, or issue a credit note."
    ),
    "scope_creep": Action("lead", "project", "Proposer un avenant au client.", "Propose an amendment to the customer."),
    "missed_recurrence_or_indexation": Action(
        "accounting", "document", "Facturer la période ou l'indexation oubliée.", "Invoice the period or the indexation that was forgotten."
    ),
    "terms_mismatch": Action(
        "accounting", "project", "Ramener les échéances aux conditions convenues.", "Bring the due dates back to the terms agreed."
    ),
    "late_issue": Action("accounting", "document", "Facturer dès la réalisation.", "Invoice as soon as the work is done."),
    "duplicate_invoice": Action("accounting", "document", "Annuler le doublon par un avoir.", "Cancel the duplicate by a credit note."),
    "credit_note_without_cause": Action(
        "accounting", "document", "Justifier l'avoir, ou l'annuler.", "Give the cause of the credit note, or cancel it."
    ),
    "overdue_without_reminder": Action("accounting", "document", "Relancer le client.", "Remind the customer."),
    "unallocated_or_short_payment": Action(
        "accounting", "document", "Affecter le règlement, ou réclamer le solde.", "Allocate the payment, or claim what is missing."
    ),
    "stale_or_inconsistent_deal": Action(
        "salesperson", "document", "Reprendre contact, ou clore l'affaire.", "Get in touch again, or close the deal."
    ),
    "identity_break": Action(
        "accounting", "customer", "Réunir les comptes sous les mêmes conditions.", "Bring the accounts under the same terms."
    ),
}  # fmt: skip
"""By the slug of the check."""

NAMES: dict[str, tuple[str, str]] = {
    "won_deal_without_project": ("Affaire gagnée, sans projet", "Won deal without project"),
    "project_without_deal": ("Projet sans affaire", "Project without deal"),
    "project_without_invoice_plan": ("Projet sans échéancier", "Project without invoice plan"),
    "plan_differs_from_contract": ("Échéancier différent du marché", "Invoice plan differs from contract"),
    "milestone_done_not_invoiced": ("Jalon atteint, non facturé", "Milestone done, not invoiced"),
    "unbilled_time": ("Temps passé non facturé", "Time spent, not invoiced"),
    "invoice_without_deal_or_project": ("Facture sans affaire ni projet", "Invoice without deal or project"),
    "price_below_contract": ("Prix facturé sous le contrat", "Price below contract"),
    "discount_over_authority": ("Remise au-delà de la limite", "Discount over authority"),
    "over_billing": ("Facturé au-delà du marché", "Invoiced above contract"),
    "scope_creep": ("Travail hors périmètre", "Work out of scope"),
    "missed_recurrence_or_indexation": ("Période ou indexation oubliée", "Missed period or indexation"),
    "terms_mismatch": ("Échéances hors conditions", "Due dates off the terms"),
    "late_issue": ("Facture partie en retard", "Invoice issued late"),
    "duplicate_invoice": ("Facture en double", "Duplicate invoice"),
    "credit_note_without_cause": ("Avoir sans cause", "Credit note without cause"),
    "overdue_without_reminder": ("Échue, sans relance", "Overdue without reminder"),
    "unallocated_or_short_payment": ("Règlement non affecté ou incomplet", "Unallocated or short payment"),
    "stale_or_inconsistent_deal": ("Affaire abandonnée ou incohérente", "Stale or inconsistent deal"),
    "identity_break": ("Un client, deux comptes", "One customer, two accounts"),
}
"""What checks are called, in French and in English."""
