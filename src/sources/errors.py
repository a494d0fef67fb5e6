"""What can go wrong with a source as a whole. What is wrong with one row is a `Problem` in a batch, never raised.

BadConfig
└── ConfigError        the config cannot be used; nothing was read

A stream that cannot be read, or not to its end, is `mdm.ports.StreamUnreadable`; the other streams can.
"""

from collections.abc import Sequence
from pathlib import Path

from mdm.errors import BadConfig


class ConfigError(BadConfig):
    """The config file holds mistakes; the message lists them all."""

    def __init__(self, path: Path, complaints: Sequence[str]) -> None:
        super().__init__("\n".join(f"{path}: {complaint}" for complaint in complaints))
        self.path = path
        self.complaints = tuple(complaints)
