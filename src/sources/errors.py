"""What can go wrong with a source as a whole. What is wrong with one row is a `Problem` in a batch, never raised.

BadConfig
└── ConfigError        the config cannot be used; nothing was read
BadInput
└── StreamUnreadable   a stream cannot be read, or not to its end; the other streams can
"""

from collections.abc import Sequence
from pathlib import Path

from mdm.errors import BadConfig, BadInput
from mdm.ports import Problem


class ConfigError(BadConfig):
    """The config file holds mistakes; the message lists them all."""

    def __init__(self, path: Path, complaints: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {complaint}" for complaint in complaints))
        self.path = path
        self.complaints = tuple(complaints)


class StreamUnreadable(BadInput):
    """Files of a stream cannot be read; raised after everything that can be read was delivered.

    Whoever sweeps records that a complete stream no longer lists must not do so after this.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
