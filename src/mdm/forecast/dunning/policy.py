"""The policy of reminders as data: ordered levels, each with the days overdue and the amount from which it is sent, and how.

gap_days = 10                     # between two letters about an invoice

[sender]
name = "Our company"
address = ["1 rue des Tilleuls", "35000 Rennes"]
iban = "FR76..."

[[levels]]
tone = "friendly"                 # friendly, firm or formal (the formal notice, "mise en demeure")
days = 7
minimum = "10.00"                 # of all that a letter claims, in the company's currency
channel = "e-mail"
"""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mdm.errors import BadInput

Tone = Literal["friendly", "firm", "formal"]
Amount = Annotated[Decimal, Field(ge=0, max_digits=24, decimal_places=2)]


class Level(BaseModel):
    """A step of the policy."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tone: Tone
    """Which letter."""
    days: Annotated[int, Field(ge=1, le=3650)]
    """Days overdue from which it is sent."""
    minimum: Amount = Decimal(0)
    """What a letter has to claim at least, in the company's currency, net of what the customer has on account."""
    channel: Annotated[str, Field(min_length=1, max_length=40)] = "e-mail"
    """How it is sent, in the company's words."""


class Sender(BaseModel):
    """Who writes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = ""
    """The company."""
    address: tuple[str, ...] = ()
    """Lines of its address."""
    iban: str = ""
    """Where it is to be paid."""
    contact: str = ""
    """Whom to ask: e-mail address, phone."""


class Policy(BaseModel):
    """When which reminder is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=9)]
    """In order; none is skipped."""
    gap_days: Annotated[int, Field(ge=0, le=365)] = 10
    """Days between two letters about an invoice."""
    pay_within_days: Annotated[int, Field(ge=1, le=90)] = 8
    """Days that a formal notice gives."""
    sender: Sender = Sender()
    """Who writes."""

    @model_validator(mode="after")
    def _later_and_later(self) -> Self:
        days = [level.days for level in self.levels]
        if days != sorted(set(days)):
            raise ValueError(f"each level is sent after more days than the one before; these are {days}")
        return self


USUAL = Policy(
    levels=(
        Level(tone="friendly", days=7, minimum=Decimal(10), channel="e-mail"),
        Level(tone="firm", days=20, minimum=Decimal(10), channel="e-mail"),
        Level(tone="formal", days=40, minimum=Decimal(50), channel="registered letter"),
    )
)
"""What is common among French companies."""


def read(path: Path | None) -> Policy:
    """The policy of a TOML file; the usual one where there is none. Raises BadInput."""
    if path is None:
        return USUAL
    try:
        return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"the policy of reminders {str(path)!r} cannot be read: {error}") from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'policy'}: {one['msg']}" for one in error.errors())
        raise BadInput(f"the policy of reminders {str(path)!r}: {told}") from error


def written(policy: Policy) -> str:
    """The policy as TOML, as `read` takes it."""
    sender = policy.sender
    lines = [f"gap_days = {policy.gap_days}", f"pay_within_days = {policy.pay_within_days}", "", "[sender]"]
    lines += [f"{name} = {json.dumps(getattr(sender, name), ensure_ascii=False)}" for name in ("name", "address", "iban", "contact")]
    for level in policy.levels:
        lines += ["", "[[levels]]", f'tone = "{level.tone}"', f"days = {level.days}", f'minimum = "{level.minimum:f}"']
        lines += [f"channel = {json.dumps(level.channel, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"
