"""A few records as the engine would see them, were there no others: in the order of their ids, whenever each of them came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.clustering import AGAINST, Constraints, Labels, clusters
from matching.index.state import Pairs, State, column
from matching.rivals import contested
from matching.sources import Positions, Sources


@dataclass(frozen=True)
class New:
    """A record that is not stored, and where it would stand: behind the last, or in the place of which it is another version."""

    place: int
    name: str | None
    """Its id; without one it comes last."""
    source: int
    forms: Mapping[str, str]


NOBODY = New(-1, None, 0, {})


@dataclass(frozen=True)
class World:
    """Records and their pairs."""

    places: Positions
    """The position of each record."""
    pairs: Pairs
    """By places in `places`; rivals of one source count."""
    sources: Sources
    constraints: Constraints

    def labels(self, cut: float) -> Labels:
        """By record, the position of the first record of its cluster: as `LocalEngine` clusters."""
        unknown = 0.0 if self.sources.across else AGAINST
        return self.places[clusters(len(self.places), *self.pairs[:3], self.constraints, cut, unknown)]

    def settled(self) -> Pairs:
        """The pairs by position."""
        return self.pairs.at(self.places)


def world(state: State, members: Positions, pairs: Pairs, known: Sources, vetoes: Iterable[str], new: New = NOBODY) -> World:
    """Members and the records with which they have pairs, under what is known of sources."""
    places = np.union1d(members, np.concatenate([pairs.left, pairs.right]))
    names = _said(state.ids.values, places, new, new.name).tolist()
    order = np.array(sorted(range(len(places)), key=lambda at: rank(names[at])), np.int64)
    found = pairs._replace(left=np.searchsorted(places, pairs.left), right=np.searchsorted(places, pairs.right)).at(np.argsort(order))
    found = found.chosen(np.lexsort((found.right, found.left)))
    places = places[order]
    sources = replace(known, of=_said(state.of.values, places, new, new.source))
    single = [column(_said(state.forms[name].values, places, new, new.forms.get(name, "")).tolist()).codes for name in vetoes]
    return World(
        places,
        found._replace(weight=contested(found.left, found.right, found.weight, sources)),
        sources,
        replace(_ruled(state, places), single=[*single, *sources.single()]),
    )


def rank(name: str | None) -> tuple[bool, int, str]:
    """The order of ids: shorter ones first, so that numbers come as numbers do; none comes last."""
    return name is None, len(name or ""), name or ""


def _ruled(state: State, places: Positions) -> Constraints:
    """The rulings about records at places, by the places of these."""
    if not state.ruled:
        return Constraints()
    at = {place: number for number, place in enumerate(places.tolist())}
    ruled = {pair for record in at.keys() & state.ruled.keys() for pair in state.ruled[record] if at.keys() >= set(pair)}
    together, apart = (
        frozenset((at[left], at[right]) for left, right in ruled & each) for each in (state.rulings.together, state.rulings.apart)
    )
    return Constraints(together, apart)


def _said(values: NDArray[Any], places: Positions, new: New, said: Any) -> NDArray[Any]:
    """Values at places; at that of the new record, what it says."""
    out = np.full(len(places), said, values.dtype)
    stored = places != new.place
    out[stored] = values[places[stored]]
    return out
