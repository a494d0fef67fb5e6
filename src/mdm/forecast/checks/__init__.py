"""The checks of leakage, by where they look."""

from mdm.forecast.checks.check import CONSTANTS, Check
from mdm.forecast.checks.collecting import COLLECTING
from mdm.forecast.checks.invoicing import DOUBLES, INVOICING
from mdm.forecast.checks.planning import PLANNING, READY
from mdm.forecast.checks.selling import SELLING

CHECKS: tuple[Check, ...] = tuple(sorted((*SELLING, *PLANNING, *INVOICING, *COLLECTING), key=lambda check: check.number))

__all__ = ["CHECKS", "CONSTANTS", "DOUBLES", "READY", "Check"]
