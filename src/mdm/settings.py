"""Settings: read once from the environment at the edge, passed down, never changed."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this hub runs. Every setting is an environment variable; none needs to be set."""

    model_config = SettingsConfigDict(env_prefix="MDM_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    home: Annotated[Path, Field(default_factory=lambda: user_data_path("mdm-hub"))]
    """`MDM_HOME`: where the embedded database and all state live."""
    database_url: Annotated[SecretStr | None, Field(validation_alias="DATABASE_URL")] = None
    """`DATABASE_URL`: a PostgreSQL (15 or later) to use instead of the embedded one, as postgresql://user:password@host/name."""
    match_bits: float = 2.0
    """`MDM_MATCH_BITS`: evidence from which two records are joined; 2 bits is four to one."""
    review_bits: float = -3.0
    """`MDM_REVIEW_BITS`: evidence from which a pair is shown to a steward."""
    language: str = "fr"
    """`MDM_LANGUAGE`: fr or en, for what the hub prints for people."""
    currency: str = "EUR"
    """`MDM_CURRENCY`: the company's own currency."""
    host: str = "127.0.0.1"
    """`MDM_HOST`: address on which the API listens."""
    port: int = 8000
    """`MDM_PORT`: port of the API."""
