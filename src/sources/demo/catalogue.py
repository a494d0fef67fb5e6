"""What the seller sells: days by grade, monthly subscriptions, equipment; each named and coded twice, once a system."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from . import dirt, identifiers
from .model import Product
from .money import euros, percent
from .staff import GRADES

_GRADES: Final = {"JR": "Junior", "CF": "Confirmé", "SR": "Senior", "EX": "Expert"}
_SERVICES: Final = (
    ("MEC", "Étude mécanique", "ETUDE MECA", (510, 660, 830, 1080)),
    ("AUT", "Programmation d'automates", "PROG AUTOM", (520, 680, 850, 1110)),
    ("LOG", "Développement logiciel", "DEV LOGICIEL", (530, 700, 870, 1100)),
    ("SEC", "Conseil en sécurité informatique", "CONSEIL SECU INFO", (560, 740, 920, 1190)),
    ("PIL", "Pilotage de projet", "PILOTAGE PROJET", (540, 690, 880, 1140)),
)
_SUBSCRIPTIONS: Final = (
    ("TMA", "Maintenance applicative", "MAINT APPLI", "180.00"),
    ("SUP", "Assistance téléphonique jour", "ASSIST TEL JOUR", "95.00"),
    ("ASTR", "Astreinte 7 jours sur 7", "ASTREINTE 7J/7", "260.00"),
    ("VM", "Machine virtuelle hébergée", "MACHINE VIRT HEBERGEE", "68.00"),
    ("SAV", "Sauvegarde externalisée 2 To", "SAUVEG EXT 2 TO", "88.00"),
    ("SAV6", "Sauvegarde externalisée 6 To", "SAUVEG EXT 6 TO", "172.00"),
    ("MEL", "Boîte de messagerie professionnelle", "BOITE MESSAGERIE PRO", "7.20"),
    ("EDR", "Protection de poste gérée", "PROTECT POSTE", "5.40"),
    ("GMA", "Licence maintenance assistée, utilisateur", "LIC GMAO UTIL", "34.00"),
    ("GPAO", "Licence gestion de production, utilisateur", "LIC GPAO UTIL", "46.00"),
    ("LIEN", "Liaison fibre garantie", "LIAISON FIBRE GAR", "310.00"),
    ("SUPV", "Supervision réseau par équipement", "SUPERV RESEAU EQPT", "14.50"),
)
_EQUIPMENT: Final = (
    ("Commutateur 24 ports administrable", "COMMUT 24P ADM", "640.00"),
    ("Commutateur 48 ports administrable", "COMMUT 48P ADM", "1120.00"),
    ("Point d'accès sans fil intérieur", "PT ACCES WIFI INT", "370.00"),
    ("Point d'accès sans fil extérieur", "PT ACCES WIFI EXT", "540.00"),
    ("Passerelle de sécurité 100 postes", "PASSERELLE SECU 100", "1510.00"),
    ("Passerelle de sécurité 300 postes", "PASSERELLE SECU 300", "3020.00"),
    ("Serveur de virtualisation 1 processeur", "SERVEUR VIRT 1 CPU", "3580.00"),
    ("Serveur de virtualisation 2 processeurs", "SERVEUR VIRT 2 CPU", "5450.00"),
    ("Unité de stockage 16 To", "UNITE STOCKAGE 16 TO", "6400.00"),
    ("Unité de stockage 32 To", "UNITE STOCKAGE 32 TO", "9800.00"),
    ("Alimentation secourue 2 kVA", "ALIM SECOURUE 2KVA", "690.00"),
    ("Alimentation secourue 5 kVA", "ALIM SECOURUE 5KVA", "1490.00"),
    ("Coffret de brassage 18U", "COFFRET BRASSAGE 18U", "420.00"),
    ("Baie informatique 42U", "BAIE INFO 42U", "1260.00"),
    ("Automate de sécurité", "AUTOMATE SECU", "1340.00"),
    ("Automate modulaire 32 entrées", "AUTOMATE MODUL 32E", "1820.00"),
    ("Pupitre opérateur 7 pouces", "PUPITRE OPER 7P", "560.00"),
    ("Pupitre opérateur 12 pouces", "PUPITRE OPER 12P", "910.00"),
    ("Variateur triphasé 4 kW", "VARIATEUR TRI 4KW", "540.00"),
    ("Variateur triphasé 7,5 kW", "VARIATEUR TRI 7.5KW", "820.00"),
    ("Sonde de niveau à ultrasons", "SONDE NIVEAU US", "286.00"),
    ("Débitmètre électromagnétique DN50", "DEBITMETRE EM DN50", "1170.00"),
    ("Caméra de vision industrielle", "CAMERA VISION INDUS", "1690.00"),
    ("Lecteur de badges mural", "LECTEUR BADGES MUR", "235.00"),
    ("Tablette durcie atelier", "TABLETTE DURCIE", "1080.00"),
    ("Station de travail CAO", "STATION TRAVAIL CAO", "2150.00"),
    ("Écran 27 pouces", "ECRAN 27P", "320.00"),
    ("Câble Ethernet industriel 100 m", "CABLE ETH INDUS 100M", "148.00"),
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products, by what they are."""

    services: list[Product]
    subscriptions: list[Product]
    equipment: list[Product]
    retired: list[tuple[Product, str, Decimal]]
    """Old articles still in billing: product, code, old price."""

    @property
    def products(self) -> list[Product]:
        """All of them."""
        return [*self.services, *self.subscriptions, *self.equipment]

    def grades(self, line: str) -> list[Product]:
        """The grades of a service line, junior first."""
        return [product for product in self.services if product.line == line]

    @property
    def lines(self) -> list[str]:
        """The service lines."""
        return [line for line, _, _, _ in _SERVICES]


def stock(rng: Random) -> Catalogue:
    """Put the products on the shelves."""
    printer = _Labels(rng)
    services = [
        printer.service(line, name, wording, grade, price)
        for line, name, wording, prices in _SERVICES
        for grade, price in zip(_GRADES, prices, strict=True)
    ]
    subscriptions = [printer.subscription(*row) for row in _SUBSCRIPTIONS]
    equipment = [printer.equipment(*row) for row in _EQUIPMENT]
    retired = [
        (product, f"{product.article}-A", percent(product.price, rng.choice((92, 95, 97))))
        for product in rng.sample(equipment, 4) + rng.sample(services, 2)
    ]
    return Catalogue(services, subscriptions, equipment, retired)


class _Labels:
    """Numbers the products and gives each its two names."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.number = rng, 0
        self.ids = identifiers.RecordIds(rng, "01t")

    def service(self, line: str, name: str, wording: str, grade: str, price: int) -> Product:
        label = _GRADES[grade]
        short = {"Confirmé": self.rng.choice(("CONF.", "CONFIRME"))}.get(label, label.upper())
        name = f"{name} - {label}"
        return self._product(
            family="Services",
            name=name,
            crm_code=f"SRV-{line}-{grade}",
            crm_name=f"{name} (j/h)" if self.rng.random() < 0.2 else name,
            article=f"PR{line}{self.number + 1:03d}",
            designation=f"{wording} {short}",
            price=euros(price),
            cost=euros(8 * GRADES[grade]),
            grade=grade,
            line=line,
        )

    def subscription(self, code: str, name: str, wording: str, price: str) -> Product:
        return self._product(
            family="Abonnements",
            name=name,
            crm_code=f"ABO-{code}",
            crm_name=f"Abonnement {name[0].lower()}{name[1:]}" if self.rng.random() < 0.3 else name,
            article=f"AB{self.number + 1:05d}",
            designation=wording,
            price=euros(price),
            cost=percent(euros(price), self.rng.randint(42, 55)),
        )

    def equipment(self, name: str, wording: str, price: str) -> Product:
        stem = dirt.unaccented(name)[:6].strip().upper().replace(" ", "").replace("'", "")
        return self._product(
            family="Matériel",
            name=name,
            crm_code=f"MAT-{stem}-{self.number:02d}",
            crm_name=f"{name} - fourniture" if self.rng.random() < 0.15 else name,
            article=f"MT{self.rng.randint(10, 98)}{self.number + 1:03d}",
            designation=dirt.reordered(self.rng, wording) if self.rng.random() < 0.2 else wording,
            price=euros(price),
            cost=percent(euros(price), self.rng.randint(62, 76)),
            ean=identifiers.ean13(self.rng),
        )

    def _product(
        self,
        *,
        family: str,
        name: str,
        crm_code: str,
        crm_name: str,
        article: str,
        designation: str,
        price: Decimal,
        cost: Decimal,
        grade: str = "",
        line: str = "",
        ean: str = "",
    ) -> Product:
        self.number += 1
        return Product(
            key=f"A{self.number:04d}",
            family=family,
            name=name,
            crm_id=self.ids.next(),
            crm_code=crm_code,
            crm_name=crm_name,
            article=article,
            designation=designation,
            price=price,
            cost=cost,
            grade=grade,
            line=line,
            ean=ean,
        )
