"""Matching: which records are one thing. A pure library: no customer, no database, no HTTP."""

from matching.engine import Engine, LocalEngine, Rulings, Thresholds
from matching.learning import taught
from matching.model import Model
from matching.questions import questions
from matching.tables import Matches, dedupe, link

__all__ = ["Engine", "LocalEngine", "Matches", "Model", "Rulings", "Thresholds", "dedupe", "link", "questions", "taught"]
