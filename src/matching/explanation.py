"""Explanations: why two records are one thing, may be, or are not; in bits that add up, and in sentences.

A weight is the prior and one part a feature. A part is the bits of the level that was reached, more where the value is rare, less where other
features have said as much already, and nothing where the branches of a group share the field. The kernel is asked about a handful of pairs at
once: the pair itself, and the pair with one field changed, which shows what would turn the decision.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from matching import phrases
from matching.blocking import MOST_REFINERS, Blocking, Rule
from matching.blocking import Part as KeyPart
from matching.comparison import DIFFERENT, MISSING, Levels
from matching.declaration import Field, fields
from matching.encode import ABSENT, Column, one_record
from matching.engine import Resolution, Rulings, Thresholds
from matching.features import Feature, Paired, Single, compared, taken
from matching.forms import Forms
from matching.hashing import Hashes, hashed, mixed, scrambled
from matching.kernel import Kernel
from matching.kinds.location import STREET
from matching.model import VETO, Weights
from matching.phrases import Language, Noun
from matching.sources import Sources, one_source

Decision = Literal["match", "review", "no match"]
Outcome = Literal[
    "match", "review", "no match", "vetoed", "ruled apart", "ruled together", "through others", "same source", "never compared",
    "taken", "group vetoed", "group ruled apart", "outvoted",
]  # fmt: skip
"""Why records are together or apart: their own weight, or what overrules it."""
Change = Literal["the same", "unknown", "different"]
CHANGES: tuple[Change, ...] = ("the same", "unknown", "different")
NOISE = 1e-9
"""Bits that are nothing but rounding."""
Both = Mapping[str, tuple[str, str]]
"""By column, the normal forms of two records; an empty one says nothing."""
Written = Mapping[str, tuple[str | None, str | None]]
"""By column, what two records say."""
SOME, ANOTHER = "\x01" * 30, "\x02" * 30
"""Forms that no record has, like no other and unlike each other."""


@dataclass(frozen=True)
class Part:
    """What one feature says of a pair."""

    name: str
    kind: str
    fields: tuple[str, ...]
    left: tuple[str | None, ...]
    """What the left record says in each of the fields, as it is written; as implied by another field where it says nothing."""
    right: tuple[str | None, ...]
    level: int
    label: str
    """The level in words; at level 0, why the feature says nothing."""
    beside: str
    """The field that it is swapped with, or that explains why it says nothing."""
    level_bits: float
    frequency_bits: float
    """More for a rare value that both have, less for a common one."""
    dependence_bits: float
    """Less for what other features have said already."""
    branch_bits: float
    """Less for what the branches of a group share."""
    holders: int
    """How many of the records that the model was trained on have the value that both have; 0 where it does not count."""
    said_by: tuple[str, ...]
    """The features that have said it already."""

    @property
    def bits(self) -> float:
        """What the feature says in all."""
        return self.level_bits + self.frequency_bits + self.dependence_bits + self.branch_bits

    def sentence(self, language: Language, nouns: Mapping[str, Noun]) -> str:
        """What was seen, and how much it says."""
        head = phrases.phrase(self.label, nouns[self.name], language, nouns.get(self.beside))
        head += phrases.rarity(self.holders, self.frequency_bits, language)
        if self.branch_bits:
            head += phrases.branches(language)
        elif self.dependence_bits <= -phrases.NOTABLE:
            head += phrases.repeated([nouns[name] for name in self.said_by], self.bits, language)
        head += phrases.quoted(*(", ".join(value for value in side if value) for side in (self.left, self.right)), language=language)
        return phrases.stated(head, phrases.strength(self.bits, language) if self.level else phrases.nothing(language), language)


@dataclass(frozen=True)
class Flip:
    """A change of one field that turns the decision."""

    name: str
    change: Change
    known: int
    """How many of the two records say something in this field."""
    bits: float
    """By how much the total changes."""
    decision: Decision
    lifts: bool
    """Whether a veto is gone with it."""
    forbids: bool
    """Whether a veto comes with it."""

    def sentence(self, language: Language, nouns: Mapping[str, Noun]) -> str:
        """`If the phone numbers were the same they would be a match (+9.1 bits).`"""
        condition = phrases.condition(self.change, self.known, nouns[self.name], language)
        if self.forbids or (self.lifts and self.change == "unknown"):
            return condition + phrases.kept_apart(language, not_any_more=self.lifts)
        return condition + phrases.would_be(self.decision, self.bits, language)


@dataclass(frozen=True)
class Explanation:
    """Why two records are one thing, may be, or are not."""

    parts: tuple[Part, ...]
    """One a feature, in the kernel's order."""
    prior: float
    """Bits of two records by chance."""
    total: float
    """The prior and all parts; a veto aside."""
    rivals: float
    """Bits against it of other pairs, where a record has one partner at most in a source; 0 where that is not known."""
    thresholds: Thresholds
    vetoed_by: tuple[str, ...]
    """Fields in which two different values forbid a match."""
    flips: tuple[Flip, ...]
    """What would turn the decision, the smallest change first."""
    shared_rules: tuple[str, ...]
    """The blocking rules under which both are filed together; without any they are not compared."""
    outcome: Outcome
    outcome_field: str
    """The vetoing field in which the groups of the two records differ, where that is why they are apart."""
    kinds: Mapping[str, str]
    """By feature and vetoing field, its kind."""

    @property
    def weight(self) -> float:
        """The total and the rivals, or what a veto makes of them."""
        return VETO if self.vetoed_by else self.total + self.rivals

    @property
    def probability(self) -> float:
        """Chance that the two are one thing."""
        return _probability(self.weight)

    @property
    def decision(self) -> Decision:
        """What the weight says under the thresholds."""
        return _decided(self.weight, self.thresholds)

    def waterfall(self, language: Language = "en", own: Mapping[str, Noun] | None = None) -> list[tuple[str, float, float]]:
        """From nothing to the total in steps: label, bits before, bits after; the prior, the largest parts first, rivals last."""
        nouns = phrases.nouns(self.kinds, language, own or {})
        steps = [(phrases.by_chance(language), 0.0, self.prior)]
        for part in self._ranked():
            if part.bits:
                steps.append((phrases.capital(nouns[part.name].one), steps[-1][2], steps[-1][2] + part.bits))
        return [*steps, (phrases.rivals(language), self.total, self.total + self.rivals)] if self.rivals else steps

    def sentences(self, language: Language, own: Mapping[str, Noun] | None = None) -> list[str]:
        """The explanation in words: vetoes, what was seen from the most telling on, the sum, what overrules it. `own` names fields."""
        nouns = phrases.nouns(self.kinds, language, own or {})
        vetoes = [phrases.veto(nouns[name], language) for name in self.vetoed_by]
        seen = [part.sentence(language, nouns) for part in self._ranked() if part.label != phrases.MISSING]
        lone = [nouns[part.name] for part in self.parts if part.label == phrases.MISSING and any(part.left) != any(part.right)]
        rivals = (
            [phrases.stated(phrases.rivals(language), phrases.strength(self.rivals, language), language)]
            if self.rivals <= -phrases.NOTABLE
            else []
        )
        verdict = self.decision if self.outcome == self.decision else ""
        total = phrases.total(_probability(self.total + self.rivals), verdict, language, vetoed=bool(vetoes))
        overruled = phrases.outcome(self.outcome, nouns.get(self.outcome_field), language)
        return [*vetoes, *seen, *phrases.one_sided(lone, language), *rivals, total, *overruled]

    def counterfactual(self, language: Language, own: Mapping[str, Noun] | None = None) -> list[str]:
        """The changes of one field that would turn the decision, the smallest first; none where no single field can."""
        nouns = phrases.nouns(self.kinds, language, own or {})
        return [flip.sentence(language, nouns) for flip in self.flips]

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        languages: tuple[Language, ...] = ("fr", "en")
        return {
            "prior": self.prior,
            "parts": [asdict(part) | {"bits": part.bits} for part in self.parts],
            "total": self.total,
            "rivals": self.rivals,
            "weight": self.weight,
            "probability": self.probability,
            "decision": self.decision,
            "outcome": self.outcome,
            "vetoed_by": list(self.vetoed_by),
            "shared_rules": list(self.shared_rules),
            "flips": [asdict(flip) for flip in self.flips],
            "waterfall": {language: self.waterfall(language) for language in languages},
            "sentences": {language: self.sentences(language) for language in languages},
            "counterfactual": {language: self.counterfactual(language) for language in languages},
        }

    def _ranked(self) -> list[Part]:
        return sorted(self.parts, key=lambda part: -abs(part.bits))


def explain(
    kernel: Kernel,
    declaration: type[BaseModel],
    left: Mapping[str, str | None],
    right: Mapping[str, str | None],
    *,
    thresholds: Thresholds,
    ruled: Literal["together", "apart"] | None = None,
) -> Explanation:
    """Explain any two records, given as their sources write them. `ruled` is what a steward has decided about them."""
    wanted = columns_of(kernel)
    forms, others = (one_record(declaration).forms(record) for record in (left, right))
    both = {item.name: (forms.get(item.name, ""), others.get(item.name, "")) for item in fields(declaration) if item.name in wanted}
    written = {name: (left.get(name), right.get(name)) for name in both}
    found = _explained(kernel, fields(declaration), both, written, thresholds)
    if ruled is not None:
        return replace(found, outcome="ruled apart" if ruled == "apart" else "ruled together", flips=())
    return found


def explain_pair(
    found: Resolution,
    declaration: type[BaseModel],
    left: int,
    right: int,
    *,
    records: pa.Table | None = None,
    rulings: Rulings | None = None,
    sources: Sources | None = None,
) -> Explanation:
    """Explain two records of a resolution, by position: why they are together, or why not.

    Values are shown as `records` (those that were resolved) write them, or else in their normal forms. `rulings` and `sources` are those
    of the resolution.
    """
    both = {name: (_value(column, left), _value(column, right)) for name, column in found.columns.items()}
    written = {
        name: forms if records is None else (_text(records[name][left].as_py()), _text(records[name][right].as_py()))
        for name, forms in both.items()
    }
    origin = sources or one_source(len(found.labels))
    levels = found.kernel.levels(taken(found.columns, np.array([left]), np.array([right])))
    recorded = _recorded(found, left, right) if origin.distinct else None
    pair = _explained(found.kernel, fields(declaration), both, written, found.thresholds, levels, recorded)
    outcome, field = _outcome(found, pair, left, right, rulings or Rulings(), origin)
    return replace(pair, outcome=outcome, outcome_field=field, flips=() if outcome in {"ruled apart", "ruled together"} else pair.flips)


def _recorded(found: Resolution, left: int, right: int) -> float | None:
    """The weight of a pair that was found, what speaks for other partners of the two taken off."""
    one, other = (found.pairs[name].to_numpy() for name in ("left", "right"))
    at = np.flatnonzero((one == min(left, right)) & (other == max(left, right)))
    return float(found.pairs["weight"][int(at[0])].as_py()) if len(at) else None


def columns_of(kernel: Kernel) -> frozenset[str]:
    """The fields that a kernel looks at."""
    return frozenset((*(column for feature in kernel.features for column in feature.columns), *kernel.vetoes))


def _value(column: Column, at: int) -> str:
    code = int(column.codes[at])
    return str(column.forms.values[code]) if code >= 0 else ""


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _explained(
    kernel: Kernel,
    declared: Sequence[Field],
    both: Both,
    written: Written,
    thresholds: Thresholds,
    certain: Levels | None = None,
    recorded: float | None = None,
) -> Explanation:
    """The explanation of a pair by itself. `certain` are its levels, `recorded` is its weight beside its rivals, where they are known."""
    declared_kinds = {item.name: item.kind.name for item in declared}
    kinds = {column: declared_kinds[column] for column in kernel.vetoes}
    kinds |= {feature.name: _kind(feature, declared_kinds) for feature in kernel.features}
    seen = _weighed(kernel, both, certain)
    total = float(seen.totals[0])
    vetoed_by = tuple(column for column in kernel.vetoes if all(both[column]) and both[column][0] != both[column][1])
    rivals = 0.0 if recorded is None or vetoed_by or total - recorded < NOISE else recorded - total
    found = Explanation(
        parts=tuple(_parts(kernel, both, written, seen, kinds)),
        prior=kernel.model.prior,
        total=total,
        rivals=rivals,
        thresholds=thresholds,
        vetoed_by=vetoed_by,
        flips=tuple(_flips(kernel, both, seen, rivals, thresholds)),
        shared_rules=shared_rules(kernel.model.blocking, declared, both),
        outcome="vetoed",
        outcome_field="",
        kinds=kinds,
    )
    return found if vetoed_by else replace(found, outcome=found.decision if found.shared_rules else "never compared")


def _kind(feature: Feature, declared: Mapping[str, str]) -> str:
    """The kind of a feature: its field's, or what its fields are together."""
    first, *others = feature.columns
    if others:
        return phrases.LOCATION if declared[first] == STREET.name else phrases.AREA
    return declared[first]


@dataclass(frozen=True)
class _Weighed:
    """A pair, in row 0, and what one change each makes of it."""

    changes: Sequence[tuple[str, tuple[str, ...], Change]]
    """From row 1 on: the feature or the vetoing field that is changed, its columns, how."""
    pairs: Mapping[str, Paired]
    levels: Levels
    parts: Weights
    totals: Weights
    vetoed: NDArray[np.bool_]


def _weighed(kernel: Kernel, both: Both, certain: Levels | None) -> _Weighed:
    changes = [(name, columns, change) for name, columns in _units(kernel).items() for change in CHANGES]
    pairs = {
        column: _varied(one, other, [change if column in columns else None for _, columns, change in changes])
        for column, (one, other) in both.items()
    }
    levels = _levels(kernel, pairs, changes) if pairs else np.zeros((1, 0), np.int8)
    if certain is not None:
        levels[:1] = certain
    parts = kernel.parts(pairs, levels)
    vetoed = np.zeros(len(levels), np.bool_)
    for column in kernel.vetoes:
        vetoed |= ~pairs[column].missing & ~pairs[column].equal
    return _Weighed(changes, pairs, levels, parts, kernel.model.prior + parts.sum(axis=1), vetoed)


def _units(kernel: Kernel) -> dict[str, tuple[str, ...]]:
    """What may be changed: the fields of a feature, or a vetoing field that is no evidence, each once."""
    names: dict[tuple[str, ...], str] = {}
    for feature in kernel.features:
        names.setdefault(feature.columns, feature.name)
    looked_at = {column for columns in names for column in columns}
    names |= {(column,): column for column in kernel.vetoes if column not in looked_at}
    return {name: columns for columns, name in names.items()}


def _varied(one: str, other: str, changes: Sequence[Change | None]) -> Paired:
    """A column of the pair, and of the pair after each change."""
    forms = [*dict.fromkeys(form for form in (one, other) if form), SOME, ANOTHER]
    code = {form: at for at, form in enumerate(forms)} | {"": ABSENT}
    sides = [(one, other), *(_changed(one, other, change) for change in changes)]
    left, right = (np.array([code[side[at]] for side in sides], np.int32) for at in (0, 1))
    return Paired(left, right, Forms(np.array(forms, object)))


def _changed(one: str, other: str, change: Change | None) -> tuple[str, str]:
    if change is None:
        return one, other
    if change == "the same":
        return (one or other or SOME,) * 2
    return (one, "") if change == "unknown" else (one or other or SOME, ANOTHER)


def _levels(kernel: Kernel, pairs: Mapping[str, Paired], changes: Sequence[tuple[str, tuple[str, ...], Change]]) -> Levels:
    """The kernel's levels. What comes of a value that is like no other needs no comparison, unless other fields have a say in it."""
    rows = {name: row for row, (name, _, change) in enumerate(changes, 1) if change == "different"}
    plain = {at: rows[feature.name] for at, feature in enumerate(kernel.features) if feature.name in rows and _independent(kernel, feature)}
    looked = dict(pairs)
    for at, row in plain.items():
        for column in kernel.features[at].columns:
            right = pairs[column].right.copy()
            right[row] = ABSENT
            looked[column] = replace(pairs[column], right=right)
    levels = kernel.levels(looked)
    levels[list(plain.values()), list(plain)] = DIFFERENT
    return levels


def _independent(kernel: Kernel, feature: Feature) -> bool:
    """Whether no other field has a say in a feature's level, nor it in another's."""
    others = (other.looks_at for other in kernel.features if other is not feature)
    return not feature.depends and not any(column in looks for looks in others for column in feature.columns)


def _parts(kernel: Kernel, both: Both, written: Written, seen: _Weighed, kinds: Mapping[str, str]) -> Iterator[Part]:
    """The parts of the pair itself, each split into what it is made of."""
    levels = seen.levels[0].tolist()
    bits = [float(kernel.model.bits(feature.name)[level]) for feature, level in zip(kernel.features, levels, strict=True)]
    rare = [_frequency(kernel, seen, at, 0) for at in range(len(levels))]
    less = np.array(bits) + np.array(rare) - seen.parts[0]
    less[abs(less) <= NOISE] = 0
    cut_off = (less > 0) & (seen.parts[0] == 0)  # by a branch; elsewhere all that is less is dependence
    dependence = kernel.dependence(seen.levels[:1])[0] if cut_off.any() else less
    for at, feature in enumerate(kernel.features):
        label, beside = _label(kernel, feature, levels[at], both)
        left, right = (tuple(written[column][side] or both[column][side] or None for column in feature.columns) for side in (0, 1))
        branch = float(dependence[at] - less[at])
        yield Part(
            name=feature.name,
            kind=kinds[feature.name],
            fields=feature.columns,
            left=left,
            right=right,
            level=levels[at],
            label=label,
            beside=beside,
            level_bits=bits[at],
            frequency_bits=rare[at],
            dependence_bits=0.0 - float(dependence[at]),
            branch_bits=branch if abs(branch) > NOISE else 0.0,
            holders=_holders(kernel, feature, both) if rare[at] else 0,
            said_by=_said_by(kernel, at, levels) if dependence[at] else (),
        )


def _frequency(kernel: Kernel, seen: _Weighed, at: int, row: int) -> float:
    """Term-frequency bits of a feature in a row."""
    feature = kernel.features[at]
    if seen.levels[row, at] != feature.scale.exact:
        return 0.0
    return float(kernel.frequency(feature, seen.pairs, seen.levels[:, at])[row])


def _holders(kernel: Kernel, feature: Feature, both: Both) -> int:
    """How many records have the value that both have."""
    known = kernel.model.frequencies[feature.columns[0]]
    return known.counts.get(both[feature.columns[0]][0], 1)


def _label(kernel: Kernel, feature: Feature, level: int, both: Both) -> tuple[str, str]:
    """A level in words, and the other field that they speak of."""
    if isinstance(feature, Single) and feature.columns == (feature.name,) and all(both[feature.name]):
        if level == MISSING:
            return _silence(feature, both)
        if level == feature.scale.exact - 1 and _swapped(kernel, feature, both):
            return phrases.SWAPPED, feature.swaps_with
    return (feature.scale.labels[level - 1] if level else phrases.MISSING), ""


def _swapped(kernel: Kernel, feature: Single, both: Both) -> bool:
    """Whether a field agrees, nearly, only because its values stand in another field."""
    if not all(both.get(feature.swaps_with, ("",))):
        return False
    alone = _varied(*both[feature.name], [])
    return int(compared(alone, feature.scale, kernel.model.words.get(feature.name))[0]) == DIFFERENT


def _silence(feature: Single, both: Both) -> tuple[str, str]:
    """Why a field says nothing though both records have it."""
    one, other = both[feature.name]
    if feature.within is not None and all(above := both.get(feature.within.field, ("", ""))):
        if one != other and above[0] != above[1]:
            return phrases.FOLLOWS, feature.within.field
        if one == other and above[0] == above[1]:
            return phrases.SHARED, feature.within.field
    return (phrases.PASSING if feature.passing else phrases.SILENT), ""


def _said_by(kernel: Kernel, at: int, levels: Sequence[int]) -> tuple[str, ...]:
    """The features that agree in full and say the most of what this one says."""
    name, level = kernel.features[at].name, levels[at]
    exact = {feature.name for feature, reached in zip(kernel.features, levels, strict=True) if reached == feature.scale.exact}
    chances = {known: tables[name][level - 1] for known, tables in kernel.model.given.items() if name in tables and exact.issuperset(known)}
    return max(chances, key=lambda known: (chances[known], known), default=())


def _flips(kernel: Kernel, both: Both, seen: _Weighed, rivals: float, limits: Thresholds) -> Iterable[Flip]:
    """For every field the smallest change that turns the decision, if one does; the smallest of all first, those that forbid last."""
    totals = seen.totals - _borrowed(kernel, both, seen)
    decisions = [_decided(VETO if veto else float(total) + rivals, limits) for total, veto in zip(totals, seen.vetoed, strict=True)]
    forbids, gains = seen.vetoed & ~seen.vetoed[0], totals - totals[0]
    order = sorted(range(1, len(totals)), key=lambda row: (bool(forbids[row]), abs(gains[row]), row))
    agreed = {feature.name for feature, level in zip(kernel.features, seen.levels[0], strict=True) if level == feature.scale.exact}
    for changed, wanted in _turns(decisions[0]):
        found: dict[str, Flip] = {}
        for row in order:
            name, columns, change = seen.changes[row - 1]
            no_way = change == "unknown" and decisions[0] != "match" and name in agreed  # what agrees is not in the way of a match
            if change in changed and decisions[row] in wanted and name not in found and not no_way:
                known = sum(any(both[column][side] for column in columns) for side in (0, 1))
                lifts = bool(seen.vetoed[0] and not seen.vetoed[row])
                found[name] = Flip(name, change, known, float(gains[row]), decisions[row], lifts, bool(forbids[row]))
        if found:
            return found.values()
    return ()


def _borrowed(kernel: Kernel, both: Both, seen: _Weighed) -> Weights:
    """Bits a row that count a value which nobody has said as a rare one: nothing is known of how rare it would be."""
    out = np.zeros(len(seen.totals))
    place = {feature.name: at for at, feature in enumerate(kernel.features)}
    for row, (name, columns, change) in enumerate(seen.changes, 1):
        if change == "the same" and name in place and not any(both[columns[0]]):
            out[row] = max(0.0, min(_frequency(kernel, seen, place[name], row), seen.parts[row, place[name]]))
    return out


def _turns(decision: Decision) -> tuple[tuple[frozenset[Change], frozenset[Decision]], ...]:
    """The changes that may turn a decision, and what they are to make of it, the most wanted first."""
    if decision == "match":
        return ((frozenset({"unknown", "different"}), frozenset({"review", "no match"})),)
    closer: frozenset[Change] = frozenset({"the same", "unknown"})
    match = (closer, frozenset[Decision]({"match"}))
    return (match,) if decision == "review" else (match, (closer, frozenset[Decision]({"review"})))


def shared_rules(known: Blocking, declared: Sequence[Field], both: Both) -> tuple[str, ...]:
    """Names of the rules under which two records are filed together: `blocking.keys` for two records, without its tables."""
    filed = dict(_filed(known, declared, both))
    keys = [(number, key) for number, rule in enumerate(known.rules) for key in sorted(_shared_keys(rule, filed))]
    together = _filed_together(known, keys, filed) if keys and len(known.common) else {number for number, _ in keys}
    return tuple(known.rules[number].name for number in sorted(together))


Filed = Mapping[KeyPart, tuple[frozenset[str], frozenset[str]]]
"""By blocking part, the texts under which each of two records is filed."""


def _filed(known: Blocking, declared: Sequence[Field], both: Both) -> Iterator[tuple[KeyPart, tuple[frozenset[str], frozenset[str]]]]:
    wanted = {part for rule in known.rules for part in rule.parts} | set(known.refiners)
    for item in declared:
        if all(both.get(item.name, ("",))):
            forms = pa.array(both[item.name], pa.string())
            for name, part in item.kind.keys.items():
                if (item.name, name) in wanted:
                    one, other = part(forms).to_pylist()
                    yield (item.name, name), (_texts(one), _texts(other))


def _texts(found: str | list[str] | None) -> frozenset[str]:
    return frozenset(found if isinstance(found, list) else [found] if found else [])


def _shared_keys(rule: Rule, filed: Filed) -> set[tuple[str, ...]]:
    """The keys of a rule that both records have, as texts; parts of one name stand in no order."""
    if not all(part in filed for part in rule.parts):
        return set()
    mixed_up = len({name for _, name in rule.parts}) < len(rule.parts)
    if not mixed_up and any(filed[part][0].isdisjoint(filed[part][1]) for part in rule.parts):
        return set()
    sides = [{tuple(sorted(key) if mixed_up else key) for key in product(*(filed[part][side] for part in rule.parts))} for side in (0, 1)]
    return sides[0] & sides[1]


def _filed_together(known: Blocking, keys: Sequence[tuple[int, tuple[str, ...]]], filed: Filed) -> set[int]:
    """Numbers of the rules of which a key, of those that both records have, is not too common, or is not once it is refined."""
    finer = {part: filed[part][0] & filed[part][1] for part in known.refiners if part in filed}
    texts = list({text for _, key in keys for text in key}.union(*finer.values()))
    place = {text: at for at, text in enumerate(texts)}
    hashes = hashed(pa.array(texts, pa.string()))
    found = hashes[[place[key[0]] for _, key in keys]]
    for rows, at, ordered in _further_parts(known, keys):
        other = hashes[[place[keys[row][1][at]] for row in rows]]
        found[rows] = mixed(found[rows], other) if ordered else scrambled(found[rows] + other)
    found = mixed(found, _hashes_of(tuple(rule.name for rule in known.rules))[[number for number, _ in keys]])
    rare = _rare(found, known.common).tolist()
    rules = {number for (number, _), is_rare in zip(keys, rare, strict=True) if is_rare}
    open_rows = [(row, number) for row, (number, _) in enumerate(keys) if number not in rules]
    refined = [(row, number, text) for row, number in open_rows for part in _refiners(known, number) for text in finer.get(part, ())]
    if refined:
        finest = mixed(found[[row for row, _, _ in refined]], hashes[[place[text] for _, _, text in refined]])
        rules |= {number for (_, number, _), is_rare in zip(refined, _rare(finest, known.common).tolist(), strict=True) if is_rare}
    return rules


@lru_cache(maxsize=64)
def _hashes_of(names: tuple[str, ...]) -> Hashes:
    return hashed(pa.array(names, pa.string()))


def _further_parts(known: Blocking, keys: Sequence[tuple[int, tuple[str, ...]]]) -> Iterator[tuple[list[int], int, bool]]:
    """Rows of keys that have a part behind the first, which one, and whether order counts."""
    rows: dict[tuple[int, bool], list[int]] = {}
    for row, (number, key) in enumerate(keys):
        parts = known.rules[number].parts
        for at in range(1, len(key)):
            rows.setdefault((at, parts[at][1] != parts[0][1]), []).append(row)
    yield from ((rows[at, ordered], at, ordered) for at, ordered in sorted(rows))


def _refiners(known: Blocking, number: int) -> list[KeyPart]:
    """The parts that refine the keys of a rule."""
    columns = known.rules[number].columns
    return [part for part in known.refiners if part[0] not in columns][:MOST_REFINERS]


def _rare(found: Hashes, common: Hashes) -> NDArray[np.bool_]:
    """Which hashes are not among the sorted common ones."""
    rare: NDArray[np.bool_] = common[np.minimum(np.searchsorted(common, found), len(common) - 1)] != found
    return rare


def _outcome(found: Resolution, pair: Explanation, left: int, right: int, rulings: Rulings, sources: Sources) -> tuple[Outcome, str]:
    """Why two records of a resolution are together or apart, and the field by which their groups are, if they are."""
    sides, labels = {(left, right), (right, left)}, found.labels
    if sides & rulings.apart:
        return "ruled apart", ""
    if sides & rulings.together:
        return "ruled together", ""
    if labels[left] == labels[right]:
        return ("match" if pair.decision == "match" else "through others"), ""
    if pair.vetoed_by:
        return "vetoed", ""
    if not sources.may_meet(np.array([left]), np.array([right]))[0]:
        return "same source", ""
    if not pair.shared_rules or _decided(pair.total, found.thresholds) != "match":
        return pair.outcome, ""
    if pair.decision != "match":
        return "taken", ""
    return _between_groups(found, left, right, rulings, sources)


def _between_groups(found: Resolution, left: int, right: int, rulings: Rulings, sources: Sources) -> tuple[Outcome, str]:
    """What keeps the groups of two records apart that match by themselves."""
    labels = found.labels
    groups = [np.flatnonzero(labels == labels[at]) for at in (left, right)]
    if any(_clash(codes, groups) for codes in sources.single()):
        return "taken", ""
    for column in found.kernel.vetoes:
        if _clash(found.columns[column].codes, groups):
            return "group vetoed", column
    if any({labels[one], labels[other]} == {labels[left], labels[right]} for one, other in rulings.apart):
        return "group ruled apart", ""
    return "outvoted", ""


def _clash(codes: NDArray[np.int32], groups: Sequence[NDArray[np.intp]]) -> bool:
    one, other = (set(codes[group].tolist()) - {ABSENT} for group in groups)
    return bool(one and other and one.isdisjoint(other))


def _probability(weight: float) -> float:
    return float(1 / (1 + np.exp2(-np.clip(weight, -60, 60))))


def _decided(weight: float, thresholds: Thresholds) -> Decision:
    return "match" if weight >= thresholds.match else "review" if weight >= thresholds.review else "no match"
