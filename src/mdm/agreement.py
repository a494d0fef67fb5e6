"""How far stewards agree with each other, and how fast they go: figures of opinions, without a database.

Only opinions that say something count, `unsure` does not, and only tasks that two stewards or more have judged. Those are tasks with a
high stake or with a first steward who was unsure: the figures speak of hard questions and not of all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from matching.quality import Share, wilson

Verdict = Literal["same", "different", "keep", "drop", "unsure"]

PAUSE = timedelta(minutes=10)
"""A longer time between two decisions is no work on the second."""
ENDLESS = 10**12
"""Tasks there might be: those that were judged are a sample of no fixed number."""
NOTHING = Share(0.0, 0.0, 1.0)


class Opinion(NamedTuple):
    """What a steward thought of a task, in one of its rounds."""

    task_id: int
    round: int
    steward: str
    verdict: Verdict
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Agreement:
    """Agreement of two views of the same tasks: raw, and beyond chance (Cohen's kappa, 1960), each with its 95 % interval.

    `kappa` is None where chance alone would agree always: all said the same of everything, which tells nothing. Its interval takes the
    agreement by chance as given, as Cohen did, and the raw one by Wilson, so that three tasks of three do not pass for certainty.
    """

    pairs: int
    raw: Share
    kappa: Share | None


@dataclass(frozen=True)
class Record:
    """What a steward did: opinions given, `per_hour` while at work, agreement with the others."""

    steward: str
    opinions: int
    unsure: int
    per_hour: float | None
    agreement: Agreement


def overall(opinions: Iterable[Opinion]) -> Agreement:
    """Agreement of the first steward of each task with the second."""
    return agreed([(said[0].verdict, said[1].verdict) for said in _shared(opinions)])


def records(opinions: Sequence[Opinion]) -> list[Record]:
    """A record a steward, by name; agreement is that with every other steward of the same task."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for said in _shared(opinions):
        for one in said:
            pairs[one.steward] += [(one.verdict, other.verdict) for other in said if other is not one]
    own: dict[str, list[Opinion]] = defaultdict(list)
    for one in opinions:
        own[one.steward].append(one)
    return [
        Record(name, len(given), sum(one.verdict == "unsure" for one in given), per_hour([one.at for one in given]), agreed(pairs[name]))
        for name, given in sorted(own.items())
    ]


def agreed(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Agreement of two views of tasks. In: both verdicts of each."""
    count = len(pairs)
    if not count:
        return Agreement(0, NOTHING, None)
    same = sum(one == other for one, other in pairs)
    raw = wilson(same / count, count, ENDLESS)
    firsts, seconds = (Counter(side) for side in zip(*pairs, strict=True))
    chance = sum(firsts[verdict] * seconds[verdict] for verdict in firsts) / count**2
    kappa = None if chance == 1 else Share(*((share - chance) / (1 - chance) for share in raw))
    return Agreement(count, raw, kappa)


def per_hour(times: Sequence[datetime]) -> float | None:
    """Decisions an hour, by the time from each to the next where that is no pause; None where nothing can be told."""
    ordered = sorted(times)
    gaps = [later - earlier for earlier, later in pairwise(ordered) if later - earlier <= PAUSE]
    spent = sum(gaps, timedelta())
    return len(gaps) / (spent / timedelta(hours=1)) if spent else None


def _shared(opinions: Iterable[Opinion]) -> list[list[Opinion]]:
    """What was said of each task, in its order, where two said something."""
    said: dict[tuple[int, int], list[Opinion]] = defaultdict(list)
    for one in opinions:
        if one.verdict != "unsure":
            said[one.task_id, one.round].append(one)
    return [given for given in said.values() if len(given) > 1]
