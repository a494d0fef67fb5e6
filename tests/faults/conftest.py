"""What the faults share with the laws."""

from tests.laws.conftest import lawful

__all__ = ["lawful"]
