"""Settings: read once from the environment at the edge, passed down, never changed."""

import os
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this hub runs. Every setting is an environment variable; none needs to be set."""

    model_config = SettingsConfigDict(env_prefix="MDM_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    home: Path = Field(default_factory=lambda: user_data_path("mdm-hub"))
    """`MDM_HOME`: where the embedded database and all state live."""
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """`DATABASE_URL`: a PostgreSQL (15 or later) to use instead of the embedded one, as postgresql://user:password@host/name."""
    match_bits: float = 2.0
    """`MDM_MATCH_BITS`: evidence from which two records are joined; 2 bits is four to one."""
    review_bits: float = -3.0
    """`MDM_REVIEW_BITS`: evidence from which a pair is shown to a steward."""
    language: Literal["fr", "en"] = Field(default_factory=lambda: spoken(os.environ))
    """`MDM_LANGUAGE`: fr or en, for what the hub prints for people; by default as the terminal speaks."""
    currency: str = "EUR"
    """`MDM_CURRENCY`: the company's own currency."""
    margin_floor: float = Field(default=0.0, ge=-1, lt=1)
    """`MDM_MARGIN_FLOOR`: margin at completion, as a share of sales, below which a project counts as at risk; 0 by default, which is a loss."""
    lease_minutes: int = Field(default=15, ge=1)
    """`MDM_LEASE_MINUTES`: how long a task is kept for the steward who looks at it."""
    second_steward_above: Decimal | None = None
    """`MDM_SECOND_STEWARD_ABOVE`: stake, in the company's currency, above which a ruling takes two stewards who agree; none by default."""
    dunning_policy: Path | None = None
    """`MDM_DUNNING_POLICY`: the policy of reminders, a TOML file as `mdm dunning policy` writes it; by default what is common in France."""
    refinancing_rates: dict[date, Decimal] = Field(default_factory=dict)
    """`MDM_REFINANCING_RATES`: ECB refinancing rates in percent that late-payment interest needs beside those known, by the first day of the
    half-year, as {"2026-07-01": "2.15"}."""
    host: str = "127.0.0.1"
    """`MDM_HOST`: address on which the API listens."""
    port: int = 8000
    """`MDM_PORT`: port of the API."""


def spoken(environment: Mapping[str, str]) -> Literal["fr", "en"]:
    """The language of the terminal (POSIX locale variables): French where they say so, else English."""
    said = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "fr" if said.lower().startswith("fr") else "en"
