"""Writes the CRM export: Salesforce-like CSV, UTF-8, ISO dates."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from . import dirt, funnel, identifiers, phases, selling, words
from .crm_contacts import Contact
from .dates import TERMS, after, between
from .model import Account, Deal, Product
from .money import percent
from .staff import DOMAIN
from .tables import CRM, Row, flag, stamp, write
from .world import World, stream

COLUMNS: Final = {
    "Account": "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,BillingPostalCode,BillingCountry,Phone,"
    "Website,Email__c,SIREN__c,SIRET__c,VAT_Number__c,Payment_Terms__c,Billing_Code__c,Description,OwnerId,CurrencyIsoCode,"
    "Active__c,CreatedDate,LastModifiedDate",
    "Contact": "Id,IsDeleted,AccountId,Salutation,FirstName,LastName,Title,Email,Phone,MobilePhone,Description,CreatedDate,"
    "LastModifiedDate",
    "Opportunity": "Id,IsDeleted,AccountId,Name,StageName,Amount,Probability,ExpectedRevenue,CloseDate,Type,LeadSource,IsClosed,"
    "IsWon,ForecastCategoryName,OwnerId,CurrencyIsoCode,ContactId,Reference__c,Loss_Reason__c,Payment_Terms__c,Term_Months__c,"
    "Billing_Period_Months__c,Discount_Approved_By__c,LastActivityDate,CreatedDate,LastModifiedDate,Parent_Opportunity__c",
    "OpportunityHistory": "Id,OpportunityId,StageName,Amount,Probability,ExpectedRevenue,CloseDate,ForecastCategory,CreatedById,"
    "CreatedDate",
    "OpportunityLineItem": "Id,OpportunityId,Product2Id,SortOrder,Quantity,ListPrice,Discount,UnitPrice,TotalPrice,"
    "Probability__c,ServiceDate,Description,CreatedDate",
    "OpportunityLineItemSchedule": "Id,OpportunityLineItemId,Type,ScheduleDate,Revenue,Description",
    "Product2": "Id,Name,ProductCode,Family,Description,IsActive,QuantityUnitOfMeasure,UnitPrice,GTIN__c,CreatedDate",
    "User": "Id,Username,FirstName,LastName,Email,Title,IsActive,Discount_Authority__c",
}
UNITS: Final = {"Services": "jour", "Abonnements": "mois", "Matériel": "pièce"}
_TYPES: Final = selling.KINDS


def export(world: World, folder: Path) -> dict[str, int]:
    """Write all tables; returns rows a table."""
    deals = [deal for deal in world.deals if deal.leak != "project_without_deal"]
    rows: dict[str, Iterator[Row]] = {
        "Account": _accounts(world),
        "Contact": (_contact(stream(world.seed, contact.id), contact, world.today) for contact in world.contacts),
        "Opportunity": _opportunities(world, deals),
        "OpportunityHistory": _history(world, deals),
        "OpportunityLineItem": _lines(world, deals),
        "OpportunityLineItemSchedule": _schedules(world, deals),
        "Product2": (_product(product, world.start) for product in world.catalogue.products),
        "User": _users(world),
    }
    return {table: write(folder / f"{table}.csv", COLUMNS[table], rows[table], CRM) for table in COLUMNS}


def _users(world: World) -> Iterator[Row]:
    for person in world.staff.salespersons:
        local = dirt.unaccented(f"{person.first}.{person.last}").lower().replace(" ", "-")
        yield {
            "Id": person.user,
            "Username": f"{local}@{DOMAIN}",
            "FirstName": person.first,
            "LastName": person.last,
            "Email": f"{local}@{DOMAIN}",
            "Title": "Ingénieur commercial",
            "IsActive": flag(person.active),
            "Discount_Authority__c": person.authority,
        }


def _product(product: Product, start: date) -> Row:
    return {
        "Id": product.crm_id,
        "Name": product.crm_name,
        "ProductCode": product.crm_code,
        "Family": product.family,
        "IsActive": "true",
        "QuantityUnitOfMeasure": UNITS[product.family],
        "UnitPrice": product.price,
        "GTIN__c": product.ean if product.ean and int(product.ean[-2]) % 2 else "",
        "CreatedDate": f"{after(start, -60)}T08:00:00.000Z",
    }


def _accounts(world: World) -> Iterator[Row]:
    mains = {account.entity.key: account for account in world.accounts if account.kind == "main"}
    codes = {client.entity.key: client.code for client in world.clients if client.kind == "main"}
    buyers = {deal.entity.key for deal in world.deals if deal.outcome == "won"}
    for account in world.accounts:
        rng = stream(world.seed, account.id)
        entity = account.entity
        parent = mains.get(entity.parent.key) if entity.parent else None
        master = mains[entity.key].id if account.kind == "merged" else ""
        created = after(entity.since, rng.randint(-20, 0))
        yield {
            "Id": account.id,
            "IsDeleted": flag(bool(master)),
            "MasterRecordId": master,
            "Name": account.name,
            "Type": "Client" if entity.key in buyers else "Prospect",
            "ParentId": parent.id if parent and rng.random() < 0.7 else "",
            **_address(rng, account),
            **_reach(rng, account),
            **_numbers(rng, account),
            "Payment_Terms__c": TERMS[entity.terms][0] if rng.random() < 0.75 else "",
            "Billing_Code__c": codes[entity.key] if entity.key in codes and rng.random() < 0.18 else "",
            "OwnerId": rng.choice(world.staff.salespersons).user,
            "CurrencyIsoCode": "EUR",
            "Active__c": flag(not master and entity.bankrupt_on is None),
            "CreatedDate": stamp(rng, created),
            "LastModifiedDate": stamp(rng, between(rng, created, world.today)),
        }


def _address(rng: Random, account: Account) -> dict[str, str]:
    site, entity = account.site, account.entity
    street = entity.old_street if entity.old_street and account.kind == "main" and rng.random() < 0.5 else site.street
    if rng.random() < 0.25:
        street = dirt.shortened(street)
    if rng.random() < 0.05:
        street = dirt.mistyped(rng, street)
    code = site.postcode.lstrip("0") if rng.random() < 0.01 else site.postcode
    country = words.FOREIGN[entity.country][0] if entity.country != "FR" else rng.choice(("France", "France", "FR", "FRANCE", ""))
    return {
        "BillingStreet": street if rng.random() < 0.88 else "",
        "BillingCity": dirt.shortened(site.town) if rng.random() < 0.05 else site.town,
        "BillingPostalCode": code,
        "BillingCountry": country,
    }


def _reach(rng: Random, account: Account) -> dict[str, str]:
    entity = account.entity
    email = entity.accountant if entity.accountant and rng.random() < 0.4 else entity.email
    return {
        "Phone": dirt.telephone(rng, account.site.phone) if rng.random() < 0.7 else "",
        "Website": dirt.website(rng, entity.domain) if entity.domain and rng.random() < 0.5 else "",
        "Email__c": email if rng.random() < 0.7 else "",
    }


def _numbers(rng: Random, account: Account) -> dict[str, str]:
    """Most accounts have no number at all; some have one in the wrong field."""
    entity, cells = account.entity, dict.fromkeys(("SIREN__c", "SIRET__c", "VAT_Number__c", "Description"), "")
    draw = rng.random()
    if not entity.siren:
        cells["VAT_Number__c"] = dirt.vat(rng, entity.vat) if draw < 0.75 else ""
    elif draw < 0.18:
        cells["SIREN__c"] = dirt.official(rng, entity.siren if rng.random() < 0.98 else dirt.wrong_digit(rng, entity.siren))
    elif draw < 0.31:
        cells["SIRET__c"] = dirt.official(rng, account.site.siret)
    elif draw < 0.52:
        cells["VAT_Number__c"] = dirt.vat(rng, entity.vat) if rng.random() < 0.88 else entity.siren
    elif draw < 0.57:
        pattern = rng.choice(("SIREN : {}", "n° SIREN {}", "SIREN {} (relevé sur le Kbis)", "immatriculée {}"))
        cells["Description"] = pattern.format(dirt.official(rng, entity.siren))
    return cells


def _contact(rng: Random, contact: Contact, today: date) -> Row:
    person, entity = contact.person, contact.person.entity
    created = between(rng, entity.since, today)
    share = 0.6 if contact.copy else 0.75
    phone = person.site.phone if rng.random() < 0.85 else identifiers.landline(rng, person.site.postcode) if entity.siren else ""
    return {
        "Id": contact.id,
        "IsDeleted": "false",
        "AccountId": contact.account.id,
        "Salutation": ("Mme" if person.woman else "M.") if rng.random() < 0.78 else "",
        "FirstName": contact.first,
        "LastName": contact.last,
        "Title": person.title if rng.random() < share else "",
        "Email": person.email if rng.random() < share else "",
        "Phone": dirt.telephone(rng, phone) if rng.random() < share else "",
        "MobilePhone": dirt.telephone(rng, person.mobile) if rng.random() < share + 0.15 else "",
        "Description": "N'est plus en poste" if person.left else "",
        "CreatedDate": stamp(rng, created),
        "LastModifiedDate": stamp(rng, between(rng, created, today)),
    }


def _opportunities(world: World, deals: list[Deal]) -> Iterator[Row]:
    agreed = {id(project.deal): project.client.terms for project in world.projects}
    for deal in deals:
        rng = stream(world.seed, deal.id)
        closed, won = deal.crm_outcome != "open", deal.crm_outcome == "won"
        terms = agreed.get(id(deal.parent or deal), deal.entity.terms)
        ready = deal.leak == "terms_mismatch" or rng.random() < 0.8
        yield {
            "Id": deal.id,
            "IsDeleted": "false",
            "AccountId": deal.account.id,
            "Name": selling.title_in_crm(rng, deal),
            "StageName": deal.stage,
            "Amount": deal.amount,
            "Probability": deal.probability,
            "ExpectedRevenue": percent(deal.amount, deal.probability),
            "CloseDate": deal.closes,
            "Type": _TYPES[deal.kind],
            "LeadSource": rng.choice(selling.LEADS),
            "IsClosed": flag(closed),
            "IsWon": flag(won),
            "ForecastCategoryName": _category(deal),
            "OwnerId": deal.owner.user,
            "CurrencyIsoCode": "EUR",
            "ContactId": deal.contact,
            "Reference__c": deal.reference,
            "Loss_Reason__c": deal.reason if deal.crm_outcome == "lost" else "",
            "Payment_Terms__c": TERMS[terms][0] if ready else "",
            "Term_Months__c": deal.months or "",
            "Billing_Period_Months__c": deal.period or "",
            "Discount_Approved_By__c": world.staff.salespersons[0].user if deal.leak == "approved_discount" else "",
            "LastActivityDate": deal.touched or deal.created,
            "CreatedDate": stamp(rng, deal.created),
            "LastModifiedDate": stamp(rng, deal.touched or deal.created),
            "Parent_Opportunity__c": deal.parent.id if deal.parent and rng.random() < 0.85 else "",
        }


def _category(deal: Deal) -> str:
    if deal.crm_outcome != "open":
        return "Closed" if deal.crm_outcome == "won" else "Omitted"
    return "Commit" if deal.probability >= 70 else "Best Case" if deal.probability >= 40 else "Pipeline"


def _history(world: World, deals: list[Deal]) -> Iterator[Row]:
    rng = stream(world.seed, "history")
    ids = identifiers.RecordIds(rng, "008")
    categories = {funnel.WON: "Closed", funnel.LOST: "Omitted"}
    for deal in deals:
        for step in deal.steps:
            yield {
                "Id": ids.next(),
                "OpportunityId": deal.id,
                "StageName": step.stage,
                "Amount": step.amount,
                "Probability": step.probability,
                "ExpectedRevenue": percent(step.amount, step.probability),
                "CloseDate": step.closes,
                "ForecastCategory": categories.get(step.stage, "Pipeline"),
                "CreatedById": deal.owner.user,
                "CreatedDate": stamp(rng, step.on),
            }


def _lines(world: World, deals: list[Deal]) -> Iterator[Row]:
    rng = stream(world.seed, "lines")
    for deal in deals:
        for rank, line in enumerate(deal.lines, 1):
            yield {
                "Id": line.id,
                "OpportunityId": deal.id,
                "Product2Id": line.product.crm_id,
                "SortOrder": rank,
                "Quantity": line.quantity,
                "ListPrice": line.product.price,
                "Discount": line.discount or "",
                "UnitPrice": line.unit,
                "TotalPrice": line.amount,
                "Probability__c": line.probability,
                "ServiceDate": deal.closes,
                "Description": "Option" if line.option else "",
                "CreatedDate": stamp(rng, deal.created),
            }


def _schedules(world: World, deals: list[Deal]) -> Iterator[Row]:
    ids = identifiers.RecordIds(stream(world.seed, "schedules"), "0X1")
    for deal in deals:
        for line in deal.lines:
            for day, revenue, label in phases.of(deal, line):
                yield {
                    "Id": ids.next(),
                    "OpportunityLineItemId": line.id,
                    "Type": "Revenue",
                    "ScheduleDate": day,
                    "Revenue": revenue,
                    "Description": label,
                }
