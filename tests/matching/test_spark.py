"""Spark finds what one machine finds: the same model, edges and clusters, of people and of companies, trained and given."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import pyarrow as pa
import pytest
from pydantic import BaseModel

import matching
from matching import engine, planning
from matching.declaration import Passing, Premises, Vetoes, Within
from matching.engine import LocalEngine, Resolution, Rulings
from matching.kinds import (
    BIRTH_DATE,
    CATEGORY,
    CITY,
    EMAIL,
    FAMILY_NAME,
    GIVEN_NAME,
    ORG_NAME,
    PHONE,
    POSTCODE,
    PRODUCT_LABEL,
    SIREN,
    STREET,
    WEBSITE,
)
from matching.labels import LabelWeights
from matching.model import Model
from matching.tables import Matches
from matching.wording import WordWeights

pytest.importorskip("pyspark", reason="needs the extra `spark`")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs a Java runtime", allow_module_level=True)

import matching.spark.engine
from matching.spark import SparkEngine

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

QUICK = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class Person(BaseModel):
    """A declaration of the test."""

    given: Annotated[str, GIVEN_NAME]
    family: Annotated[str, FAMILY_NAME]
    born: Annotated[str | None, BIRTH_DATE] = None
    email: Annotated[str | None, EMAIL] = None
    employer: Annotated[str | None, ORG_NAME, Passing()] = None
    phone: Annotated[str | None, PHONE, Within("employer")] = None
    city: Annotated[str | None, CITY] = None


class Company(BaseModel):
    """A declaration of the test."""

    name: Annotated[str, ORG_NAME]
    siren: Annotated[str | None, SIREN, Vetoes()] = None
    website: Annotated[str | None, WEBSITE] = None
    phone: Annotated[str | None, PHONE, Premises()] = None
    street: Annotated[str | None, STREET, Premises()] = None
    postcode: Annotated[str | None, POSTCODE, Premises()] = None
    city: Annotated[str | None, CITY, Premises()] = None
    note: Annotated[str | None, WEBSITE] = None
    """Never filled."""


class Product(BaseModel):
    """A declaration of the test."""

    label: Annotated[str, PRODUCT_LABEL]
    maker: Annotated[str | None, ORG_NAME] = None
    range: Annotated[str | None, CATEGORY] = None


CITIES = [("Lorval", "31"), ("Saint-Ombre", "44"), ("Vezelin", "59"), ("Marcoule", "67"), ("Brissy", "13"), ("Outreval", "35")]
TRADES = "Menuiserie Transports Boulangerie Cabinet Plomberie Imprimerie Conserverie Atelier Garage Pépinière".split()
FORMS = ["", " SARL", " SAS", " S.A.", " et Fils"]
START, MIDDLE, END = (
    "Bar Cor Dul Fer Gra Lam Mor Per Riv Tal Vas".split(),
    "a e i o ou an".split(),
    "din let mier nod rac sel tier val zac".split(),
)


def invented(random: Random) -> str:
    """A name that nobody bears."""
    return random.choice(START) + random.choice(MIDDLE) + random.choice(END)


def mistyped(random: Random, value: str | None, share: float = 0.15) -> str | None:
    """A value with a letter gone, doubled or swapped now and then, or left out."""
    if value is None or random.random() < share / 2:
        return None
    if random.random() > share or len(value) < 4:
        return value
    at = random.randrange(1, len(value) - 1)
    return random.choice(
        [value[:at] + value[at + 1 :], value[:at] + value[at] + value[at:], value[:at] + value[at + 1] + value[at] + value[at + 2 :]]
    )


def figures(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def siren(random: Random) -> str:
    """Nine figures that pass the check of Luhn."""
    head = figures(random, 8)
    doubled = [int(figure) * (1 + at % 2) for at, figure in enumerate(head)]
    return head + str(-sum(figure // 10 + figure % 10 for figure in doubled) % 10)


def records(rows: list[dict[str, str | None]], random: Random) -> pa.Table:
    """Rows in no order, with ids in another one, three sources, and the order of ids."""
    random.shuffle(rows)
    names = random.sample(range(10 * len(rows)), len(rows))
    ids = pa.array([f"{name:06d}" for name in names])
    sources = pa.array([random.choice(["billing", "crm", "shop"]) for _ in rows])
    return pa.Table.from_pylist(rows).append_column("id", ids).append_column("source", sources).sort_by("id")


@pytest.fixture(scope="session")
def people() -> pa.Table:
    """Some 1,200 records of 600 people."""
    random, rows = Random(11), []
    given, family = [invented(random) for _ in range(60)], [invented(random) + random.choice(["", "", "ier", "eau"]) for _ in range(200)]
    employers = [f"{random.choice(TRADES)} {invented(random)}" for _ in range(80)]
    for _ in range(600):
        one, other = random.choice(given), random.choice(family)
        host = random.choice(["gmail.com", "orange.fr", f"{other.lower()}.fr"])
        born = f"{random.randrange(1940, 2005)}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}"
        person = {"given": one, "family": other, "born": born, "email": f"{one}.{other}@{host}".lower(), "city": random.choice(CITIES)[0]}
        for _ in range(random.choice([1, 2, 2, 3])):
            at = random.randrange(len(employers))
            row = {name: mistyped(random, value) for name, value in person.items()}
            row |= {"given": row["given"] or one[0], "family": row["family"] or other}
            rows.append(row | {"employer": mistyped(random, employers[at]), "phone": f"01{at:04d}{figures(random, 4)}"})
    return records(rows, random)


@pytest.fixture(scope="session")
def companies() -> pa.Table:
    """Some 1,300 records of 650 companies, of which many are two legal entities in one house."""
    random, rows = Random(12), []
    for _ in range(480):
        name, (city, area) = f"{random.choice(TRADES)} {invented(random)} {invented(random)}", random.choice(CITIES)
        home = {
            "street": f"{random.randrange(1, 90)} rue {invented(random)}",
            "postcode": f"{area}{random.randrange(0, 6)}00",
            "city": city,
        }
        home |= {"phone": f"02{figures(random, 8)}", "website": f"www.{name.split()[1].lower()}.fr"}
        for entity in range(random.choice([1, 1, 2])):
            number = siren(random)
            for _ in range(random.choice([1, 2, 3])):
                row = {field: mistyped(random, value) for field, value in home.items()}
                row["name"] = (mistyped(random, name) or name) + random.choice(FORMS)
                rows.append(row | {"siren": random.choice([number, number, None]), "note": None if entity < 2 else ""})
    return records(rows, random)


@pytest.fixture(scope="session")
def catalogues() -> tuple[pa.Table, pa.Table]:
    """Two shops that list each of their products once, in words of their own; models of a range differ by a figure."""
    random, rows = Random(13), ([], [])  # type: ignore[var-annotated]
    makers, ranges = [invented(random) for _ in range(25)], "Perceuse Ponceuse Lampe Imprimante Casque Routeur".split()
    words = [invented(random).lower() for _ in range(40)]
    for _ in range(180):
        maker, what, model = random.choice(makers), random.choice(ranges), f"{random.choice('ABKX')}{random.choice('LRT')}"
        for figure in random.sample(range(100, 999, 50), random.choice([1, 2, 3])):
            for side in rows:
                if random.random() < 0.8:
                    told = random.sample(words, random.choice([0, 1, 2]))
                    label = " ".join([maker, what, random.choice([f"{model}{figure}", f"{model} {figure}", f"{model}-{figure}"]), *told])
                    side.append({"label": label, "maker": mistyped(random, maker), "range": random.choice([what, what, None])})
    left, right = (records(side, random).select(["id", "label", "maker", "range"]) for side in rows)
    return left, right


@pytest.fixture(scope="session")
def spark() -> Iterator["SparkSession"]:
    """Two threads of this machine as a cluster."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").appName("test_spark")
    for name, value in QUICK.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def local_people(people: pa.Table) -> Resolution:
    return LocalEngine().resolve(people, Person)


def assert_same_model(one: Model, other: Model) -> None:
    """What was learnt is the same to the last bit."""
    assert (one.m, one.u, one.own, one.given) == (other.m, other.u, other.own, other.given)
    assert (one.prior, one.trained_on, one.frequencies) == (other.prior, other.trained_on, other.frequencies)
    assert (one.blocking.rules, one.blocking.refiners) == (other.blocking.rules, other.blocking.refiners)
    assert one.blocking.common.tolist() == other.blocking.common.tolist()
    assert one.words.keys() == other.words.keys()
    for column, words in other.words.items():
        assert_same_words(one.words[column], words)


def assert_same_words(one: WordWeights | LabelWeights, other: WordWeights | LabelWeights) -> None:
    """Words of a single form are worth as much as those never seen; Spark leaves them out."""
    if isinstance(one, WordWeights) and isinstance(other, WordWeights):
        assert [one.of(word) for word in other.weights] == [other.of(word) for word in other.weights]
    else:
        assert one == other


def assert_same(found: Matches, local: Matches) -> None:
    """The same model, edges and clusters, and the same report of them."""
    assert_same_model(found.model, local.model)
    assert (found.pairs, found.clusters) == (local.pairs, local.clusters)
    assert (found.report, found.refused) == (local.report, local.refused)
    assert found.resolution.compared == local.resolution.compared


def matched(found: Matches) -> int:
    """How many pairs were joined."""
    return int(pa.compute.sum(found.pairs["match"]).as_py())


def by_id(found: Resolution, table: pa.Table) -> tuple[pa.Table, list[tuple[str, int]]]:
    """Edges and clusters of a table as Spark names them."""
    sides = {f"{side}_id": table["id"].take(found.pairs[side]).combine_chunks() for side in ("left", "right")}
    names = found.pairs.column_names[2:]
    edges = pa.table(sides | {name: found.pairs[name] for name in names})
    return edges, list(zip(table["id"].to_pylist(), found.labels.tolist(), strict=True))


def collected(edges: "DataFrame", clusters: "DataFrame") -> tuple[pa.Table, list[tuple[str, int]]]:
    rows = clusters.toArrow().sort_by("id")
    found = list(zip(rows["id"].to_pylist(), rows["cluster"].to_pylist(), strict=True))
    return edges.toArrow().sort_by([("left_id", "ascending"), ("right_id", "ascending")]), found


def test_people_in_a_frame_train_the_same_model_and_give_the_same_edges_and_clusters(
    spark: "SparkSession", people: pa.Table, local_people: Resolution
) -> None:
    frame = spark.createDataFrame(people).repartition(3, "city")
    found = SparkEngine(spark).match(frame, Person)
    assert_same_model(found.model, local_people.model)
    assert len(found.model.blocking.common) > 0
    assert (found.report, found.compared) == (local_people.report, local_people.compared)
    edges, clusters = by_id(local_people, people)
    assert edges.num_rows > 500
    assert collected(found.edges, found.clusters) == (edges, clusters)


def test_companies_in_a_table_train_the_same_model_on_samples_of_records_and_of_pairs(
    spark: "SparkSession", companies: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (planning, matching.spark.engine):
        monkeypatch.setattr(module, "SAMPLE", 900)
    monkeypatch.setattr(engine, "TRAINING_PAIRS", 4000)
    monkeypatch.setattr(engine, "RANDOM_PAIRS", 600)
    local, found = (matching.dedupe(companies, Company, engine=one) for one in (LocalEngine(), SparkEngine(spark)))
    assert local.resolution.compared > 8000
    assert_same(found, local)


def test_catalogues_that_hold_nothing_twice_are_linked_one_to_one(
    spark: "SparkSession", catalogues: tuple[pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TRAINING_PAIRS", 8000)
    local, found = (matching.link(*catalogues, Product, distinct=True, engine=one) for one in (LocalEngine(), SparkEngine(spark)))
    assert local.resolution.compared > 16000
    assert matched(local) > 100
    assert_same(found, local)
    local, found = (
        matching.link(*catalogues, Product, distinct="left", model=local.model, engine=one) for one in (LocalEngine(), SparkEngine(spark))
    )
    assert matched(local) > 100
    assert_same(found, local)


def test_a_given_model_weighs_the_same_and_rulings_hold(spark: "SparkSession", people: pa.Table, local_people: Resolution) -> None:
    edges = local_people.pairs.filter(pa.compute.greater_equal(local_people.pairs["weight"], 2))
    apart = frozenset(zip(edges["right"].to_pylist()[::40], edges["left"].to_pylist()[::40], strict=True))
    rulings = Rulings(together=frozenset({(0, 900), (900, 17)}), apart=apart - {(0, 900)})
    local, found = (one.resolve(people, Person, model=local_people.model, rulings=rulings) for one in (LocalEngine(), SparkEngine(spark)))
    assert found.pairs == local.pairs
    assert found.labels.tolist() == local.labels.tolist()
    assert found.labels.tolist() != local_people.labels.tolist()


def test_the_example_of_the_docs_runs(spark: "SparkSession", capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "spark.md").read_text()
    example = page.split("```python\n")[1].split("```")[0]
    exec(compile(example, "docs/spark.md", "exec"), {"__name__": __name__})
    edges, clusters = capsys.readouterr().out.split("+\n\n")[:2]
    assert "|     a1|      b7|" in edges
    assert {"| a1|      0|", "| b7|      0|", "| b9|      2|"} <= set(clusters.splitlines())
