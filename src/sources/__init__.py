"""Where records come from: files by a config, and whatever else has the shape of `mdm.ports.Source`."""

from pathlib import Path

from mdm.ports import Source, StreamUnreadable
from sources.config import Config
from sources.errors import ConfigError
from sources.files.streams import FileSource


def open_sources(config: Path, root: Path | None = None) -> tuple[Source, ...]:
    """The sources of a config file, their folders below `root`, or below the config's own folder. Raises ConfigError."""
    root = root or config.parent
    sources = tuple(FileSource(name, root, source) for name, source in Config.load(config).sources.items())
    missing = [
        f"{source.name}: there is no folder {source.folder}; create it, correct 'folder', or say with --root where the folders are"
        for source in sources
        if not source.folder.is_dir()
    ]
    if missing:
        raise ConfigError(config, missing)
    return sources


__all__ = ["ConfigError", "StreamUnreadable", "open_sources"]
