"""Why two records are together or apart: what is told is what was decided, by the model that the database keeps."""

from pathlib import Path

import pytest
from sqlalchemy import text

from mdm import pipeline
from mdm.entities import Customer
from mdm.errors import BadInput, NotFound
from mdm.evidence import evidence
from mdm.pipeline import Hub
from mdm.store import decisions
from mdm.store.decisions import RecordKey
from sources import open_sources
from tests.rulings import ruled

CONFIG = """
[sources.crm]
folder = "."
[[sources.crm.streams]]
file = "accounts.csv"
entity = "customer"
key = "id"
fields = { name = "name", siren = "siren", phone = "phone", street = "street", postcode = "zip", city = "city" }

[sources.billing]
folder = "."
[[sources.billing.streams]]
file = "clients.csv"
entity = "customer"
key = "id"
distinct = true
fields = { name = "name", siren = "siren", phone = "phone", street = "street", postcode = "zip", city = "city" }
"""
HEAD = "id,name,siren,phone,street,zip,city\n"
ACCOUNTS = """a1,Menuiserie Roussel SARL,732829320,01 99 00 11 22,4 rue du Moulin,35000,Rennes
a2,Transports Keller,,03 53 01 44 55,18 quai Vauban,67000,Strasbourg
a3,Cabinet Ferrand,,02 61 91 77 88,2 place Foch,44000,Nantes
a4,Cabinet Ferrand,404833048,02 61 91 77 88,2 place Foch,44000,Nantes
"""
CLIENTS = """c1,ROUSSEL MENUISERIE,,01.99.00.11.22,4 R DU MOULIN,35000,RENNES
c2,TRANSPORTS KELLER SAS,,0353014455,18 QUAI VAUBAN,67000,STRASBOURG
c3,TRANSPORTS KELLER,,0353014455,18 QUAI VAUBAN,67000,STRASBOURG
c4,CABINET FERRAND,552100554,0261917788,2 PLACE FOCH,44000,NANTES
"""


@pytest.fixture
def matched(hub: Hub, tmp_path: Path) -> Hub:
    (tmp_path / "sources.toml").write_text(CONFIG)
    (tmp_path / "accounts.csv").write_text(HEAD + ACCOUNTS)
    (tmp_path / "clients.csv").write_text(HEAD + CLIENTS)
    pipeline.load(hub, open_sources(tmp_path / "sources.toml"))
    pipeline.resolve(hub)
    return hub


def test_every_pair_that_was_kept_is_explained_at_its_weight(matched: Hub) -> None:
    with matched.engine.connect() as db:
        pairs = db.execute(
            text(
                """SELECT a.source, a.key, b.source, b.key, e.weight, ma.golden_id = mb.golden_id FROM edge e
                   JOIN record a ON a.id = e.left_id JOIN record b ON b.id = e.right_id
                   JOIN member ma ON ma.record_id = a.id AND ma.known_to IS NULL JOIN member mb ON mb.record_id = b.id AND mb.known_to IS NULL"""
            )
        ).all()
        assert len(pairs) >= 4
        for source, key, other_source, other_key, weight, together in pairs:
            found = evidence(db, matched.settings, Customer, RecordKey(source, key), RecordKey(other_source, other_key))
            assert found.explanation.weight == pytest.approx(weight, abs=1e-3)
            assert found.together is together


def test_rivals_are_told(matched: Hub) -> None:
    with matched.engine.connect() as db:
        found = evidence(db, matched.settings, Customer, RecordKey("crm", "a2"), RecordKey("billing", "c3"))
    assert found.explanation.rivals < -0.5
    assert any("source" in sentence for sentence in found.explanation.sentences("en"))


def test_what_forbids_and_what_was_ruled_are_told(matched: Hub) -> None:
    with matched.engine.begin() as db:
        vetoed = evidence(db, matched.settings, Customer, RecordKey("crm", "a4"), RecordKey("billing", "c4"))
        pair = [decisions.record_id(db, "customer", RecordKey("crm", key)) or 0 for key in ("a1", "a3")]
        ruled(matched, db, (pair[0], pair[1]), "same")
        told = evidence(db, matched.settings, Customer, RecordKey("crm", "a3"), RecordKey("crm", "a1"))
    assert vetoed.explanation.vetoed_by == ("siren",)
    assert not vetoed.together
    assert told.explanation.outcome == "ruled together"


def test_only_the_newest_model_is_kept_whole(matched: Hub) -> None:
    pipeline.resolve(matched, force=True)
    with matched.engine.connect() as db:
        kept = db.execute(text("SELECT content ? 'words', content ? 'features' FROM model WHERE entity = 'customer' ORDER BY id")).all()
    assert [tuple(row) for row in kept] == [(False, True), (True, True)]


def test_what_cannot_be_explained_is_told(matched: Hub) -> None:
    known = RecordKey("crm", "a1")
    with matched.engine.begin() as db:
        with pytest.raises(NotFound, match="there is no customer crm:zz"):
            evidence(db, matched.settings, Customer, known, RecordKey("crm", "zz"))
        with pytest.raises(BadInput, match="are one record"):
            evidence(db, matched.settings, Customer, known, known)
        db.execute(text("DELETE FROM model"))
        with pytest.raises(BadInput, match="mdm rebuild"):
            evidence(db, matched.settings, Customer, known, RecordKey("crm", "a2"))
