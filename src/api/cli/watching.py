"""Progress on the terminal: a bar a step where it is known how long it is, a spinner where it is not."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from mdm.pipeline import Watch

NARROWEST = 132
"""Columns that the page wants; a file or a pipe gets them whatever a terminal would have."""


def console() -> Console:
    """Where commands print."""
    found = Console(emoji=False)  # `clients.csv:100:` is a place
    return found if found.is_terminal else Console(width=max(found.width, NARROWEST), emoji=False)


class Bars(Watch):
    """Shows one step at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, name: str, total: int | None) -> None:
        """Put the new step in the place of the last one."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(name, total=total)

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, count)


@contextmanager
def watched(console: Console) -> Iterator[Watch]:
    """A watch that draws on the console while the block runs, and leaves nothing behind."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)
