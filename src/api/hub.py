"""The composition root: settings become a hub with a database that is there and up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata

from mdm.pipeline import Hub
from mdm.settings import Settings
from mdm.store.database import opened
from mdm.store.migrations import upgrade


@contextmanager
def opened_hub(settings: Settings, *, durable: bool = True) -> Iterator[Hub]:
    """A hub on the database of the settings, started where it is embedded, and migrated. Raises StoreUnavailable."""
    url = settings.database_url.get_secret_value() if settings.database_url else None
    with opened(url, settings.home, durable=durable) as engine:
        upgrade(engine)
        yield Hub(engine, settings)


def version() -> str:
    """That of the hub, `0` where it is not installed."""
    try:
        return metadata.version("mdm-hub")
    except metadata.PackageNotFoundError:
        return "0"
