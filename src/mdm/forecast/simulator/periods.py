"""The periods ahead of a day: months, the first one being what is left of the day's own, or weeks from the day on."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Step = Literal["month", "week"]


@dataclass(frozen=True)
class Calendar:
    """So many periods from a day on."""

    as_of: date
    step: Step = "month"
    count: int = 24

    @property
    def starts(self) -> list[date]:
        """The first day of each; of the first one, the day itself."""
        return [self.as_of, *(self._start(at) for at in range(1, self.count))]

    def place(self, day: date) -> int:
        """The period of a day: 0 for what is past, the number of periods for what is after them."""
        if self.step == "week":
            return min(max((day - self.as_of).days // 7, 0), self.count)
        return min(max((day.year - self.as_of.year) * 12 + day.month - self.as_of.month, 0), self.count)

    def days(self, at: int) -> int:
        """How long a period is."""
        return (self._start(at + 1) - (self._start(at) if at else self.as_of)).days

    @property
    def usual_days(self) -> float:
        """How long a whole one is on average."""
        return 7.0 if self.step == "week" else 365.25 / 12

    def _start(self, at: int) -> date:
        if self.step == "week":
            return self.as_of + timedelta(weeks=at)
        month = self.as_of.year * 12 + self.as_of.month - 1 + at
        return date(month // 12, month % 12 + 1, 1)
