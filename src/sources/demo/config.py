"""The config that loads a demo company: the one of `examples/village`, shipped inside the wheel too."""

from pathlib import Path

_SHIPPED = Path(__file__).parent / "examples" / "sources.toml"
_CHECKOUT = Path(__file__).parents[3] / "examples" / "village" / "sources.toml"

CONFIG = _SHIPPED if _SHIPPED.exists() else _CHECKOUT
