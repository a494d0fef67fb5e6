"""A hub, and whoever watches it work."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Connection, Engine

from matching.model import Model
from mdm.settings import Settings
from mdm.store import matches

Now = Callable[[], datetime]


class Watch:
    """Hears how far the work has come; this one keeps silent."""

    def step(self, name: str, total: int | None) -> None:
        """A step begins; `total` is how many things it will go through, where that is known."""

    def advance(self, count: int) -> None:
        """The step has gone through so many more."""


class Models:
    """The models in force, each read once: one of a million records is megabytes."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[int, Model]] = {}

    def of(self, db: Connection, entity: str) -> Model | None:
        """The model of an entity, None where nothing was matched yet."""
        newest = matches.newest(db, entity)
        if newest is None:
            return None
        held = self._held.get(entity)
        if held is None or held[0] != newest.id:
            model = matches.trained(db, entity)
            assert model is not None
            held = self._held[entity] = (newest.id, model)
        return held[1]


@dataclass(frozen=True)
class Hub:
    """A hub: its database, its settings, its clock and its chance."""

    engine: Engine
    settings: Settings
    now: Now = field(default=lambda: datetime.now(UTC))
    random: np.random.Generator = field(default_factory=np.random.default_rng)
    models: Models = field(default_factory=Models)
