"""Tasks in words: what each is about, why it is asked, and what would move."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from api.schemas import BY_NAME, naming_fields
from api.words import FACTS, money, nouns, number, percent, word
from mdm.settings import Settings
from mdm.store import golden, tasks
from mdm.store.stakes import Impact
from mdm.store.tasks import Task

Titles = Mapping[int, str]


def titles(db: Connection, found: Sequence[Task]) -> dict[int, str]:
    """By task, what it is about: the names of its records, or that of its golden record."""
    ids = [one for task in found for one in (task.left_id, task.right_id) if one is not None]
    said = tasks.clean(db, ids)
    names = _golden_names(db, [task for task in found if task.left_id is None])
    return {task.id: _title(task, said, names) for task in found}


def _title(task: Task, said: Mapping[int, Mapping[str, str]], golden_names: Mapping[str, str]) -> str:
    if task.left_id is None:
        return golden_names.get(task.golden_id or "", task.golden_id or "")
    keys = (task.left_id, task.left), (task.right_id, task.right)
    return " ↔ ".join(_name(task.entity, said.get(one, {})) or str(key) for one, key in keys if one is not None)


def _golden_names(db: Connection, found: Sequence[Task]) -> dict[str, str]:
    names: dict[str, str] = {}
    for entity in {task.entity for task in found}:
        ids = {task.golden_id for task in found if task.entity == entity and task.golden_id is not None}
        names |= {key: _name(entity, row.data) for key, row in golden.many(db, entity, ids).items() if row.data}
    return {key: name for key, name in names.items() if name}


def _name(entity: str, values: Mapping[str, str]) -> str:
    return " ".join(values[field] for field in naming_fields(BY_NAME[entity]) if values.get(field))


def why(settings: Settings, task: Task) -> str:
    """Why it is asked, in a few words."""
    if task.kind == "pair":
        key = "asked_thin" if task.detail.get("together") else "asked_pair"
        return word(settings, key).format(chance=percent(settings, probability(task)))
    if task.kind == "value":
        return word(settings, "asked_value").format(field=_field(settings, task.detail["field"]), **_texts(task, "value", "reason"))
    if task.kind == "pin":
        return word(settings, "asked_pin").format(field=_field(settings, task.detail["field"]))
    signs = [word(settings, f"sign_{sign['sign']}").format(field=_field(settings, sign["field"])) for sign in task.detail["signs"]]
    return f"{number(settings, task.detail['members'])} {word(settings, 'records')}, {', '.join(signs)}"


def _field(settings: Settings, name: str | None) -> str:
    noun = nouns(settings).get(name or "")
    return noun.one if noun else name or ""


def _texts(task: Task, *names: str) -> dict[str, str]:
    return {name: str(task.detail[name]) for name in names}


def probability(task: Task) -> float | None:
    """Of a pair, the chance that it is one thing."""
    return float(1 / (1 + 2 ** -task.detail["bits"])) if "bits" in task.detail else None


def moving(settings: Settings, impact: Impact) -> str:
    """`2 deals, 5 invoices: €48,200` or that nothing moves."""
    if not impact.facts:
        return word(settings, "nothing_moves")
    french = settings.language == "fr"
    counted = []
    for hanging in impact.facts:
        noun = FACTS[hanging.fact][0 if french else 1]
        counted.append(f"{number(settings, hanging.count)} {noun.one if hanging.count == 1 else noun.many}")
    return word(settings, "moves").format(facts=", ".join(counted), euros=money(settings, impact.stake))
