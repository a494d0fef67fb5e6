"""Ways to reach somebody: e-mail, phone, website."""

import re
from dataclasses import replace
from functools import cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from matching.comparison import Comparison
from matching.kinds.kind import Implied, Kind, Refused
from matching.kinds.parts import one, suffix, whole
from matching.normal import folded, tidy
from matching.similarity import edits, spelling

PUBLIC_HOSTS = frozenset(
    "gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.com live.fr msn.com yahoo.com yahoo.fr ymail.com icloud.com me.com "
    "aol.com gmx.com gmx.fr proton.me protonmail.com orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr "
    "club-internet.fr cegetel.net aliceadsl.fr t-online.de web.de gmx.de gmx.net libero.it tin.it telefonica.net skynet.be telenet.be".split()
)


def clean_email(value: str) -> str:
    """A lower-case address of valid form; whether it is delivered is not asked."""
    text = tidy(value).removeprefix("mailto:").strip("<>; ,").lower()
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Refused(f"{value!r} is not an e-mail address ({error})", "write it as name@host.tld") from None
    return checked.normalized.lower()


_FRENCH_PHONE = re.compile(r"(?:\+33|0)([1-9]\d{8})")
_NO_FIGURE = re.compile(r"\D")
_PHONE_SIGNS = str.maketrans("", "", " .-/\u00a0")


def clean_phone(value: str) -> str:
    """E.164; a number without country prefix is read as French. The usual French spellings do not need the library."""
    text = tidy(value).replace("(0)", "")
    if french := _FRENCH_PHONE.fullmatch(text.translate(_PHONE_SIGNS)):
        return f"+33{french[1]}"
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        raise Refused(f"{value!r} is not a phone number", "write ten figures, or +country number") from None
    if not phonenumbers.is_possible_number(number):
        raise Refused(f"{value!r} does not have the length of a phone number", "write ten figures, or +country number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_website(value: str) -> str:
    """The host, lower case, without scheme, `www.` and path."""
    text = tidy(value).lower()
    host = text.split("://", 1)[-1].split("/")[0].split("?")[0].split("@")[-1].split(":")[0].removeprefix("www.").strip(". ")
    if "." not in host or " " in host or not all(host.split(".")):
        raise Refused(f"{value!r} is not a website", "write it as www.example.fr")
    return host


def host_of(email: str) -> str | None:
    """The organisation's own host in an address; none for the hosts that anybody may use."""
    host = email.rsplit("@", 1)[1]
    return None if host in PUBLIC_HOSTS else host


def at_public_host(email: str) -> bool:
    """Whether an address is at a host where anybody may have one."""
    return host_of(email) is None


@cache
def _given_out_in_france() -> re.Pattern[str]:
    """Fixed and mobile numbers of France by the library's own patterns, for a number at a time costs it forty microseconds."""
    france = phonenumbers.PhoneMetadata.metadata_for_region("FR")
    assert france is not None
    given_out = [str(part.national_number_pattern) for part in (france.fixed_line, france.mobile) if part is not None]
    return re.compile(rf"\+33(?:{'|'.join(given_out)})")


def out_of_service(phone: str) -> bool:
    """Whether a number in E.164 has the length of one, but no network gives it out."""
    if _given_out_in_france().fullmatch(phone):
        return False
    try:
        return not phonenumbers.is_valid_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return True


def local_part(form: str) -> str:
    """What stands before the @."""
    return form.split("@")[0]


def phone_figures(value: str) -> str:
    """The figures alone, French ones as they are dialled, so that numbers of another country, or without their area, are compared too."""
    return _NO_FIGURE.sub("", f"0{value[3:]}" if value.startswith("+33") else value)


def name_in_host(form: str) -> str:
    """The host without its top-level domain, ten letters, hyphens dropped."""
    return form.rsplit(".", 1)[0].replace("-", "")[:10]


EMAIL = Kind(
    "e-mail",
    "E-mail address, lower case, of valid form (RFC 5321).",
    clean=clean_email,
    normal=folded,
    plain=r"^[a-z0-9]+([._+-][a-z0-9]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$",
    comparison=Comparison(
        similarity=spelling,
        cuts=(0.88, 0.95),
        m=(0.25, 0.05, 0.1, 0.6),
        u=(0.985, 0.01, 0.004, 0.001),
        labels=("different", "alike", "the same but for spelling", "the same"),
        damping=1.0,
    ),
    keys={"whole": whole, "local": one(local_part)},
    implies=(Implied("website", host_of, certain=False),),
)
ORG_EMAIL = replace(EMAIL, doubtful=at_public_host)
"""Of an organisation: an address that anybody may have is believed last."""
PHONE = Kind(
    "phone",
    "Phone number in E.164; without a prefix it is French.",
    clean=clean_phone,
    normal=phone_figures,
    plain=r"^0[1-9][0-9]{8}$",
    comparison=Comparison(
        similarity=edits, cuts=(0.85,), m=(0.35, 0.03, 0.62), u=(0.9985, 0.0005, 0.001),
        labels=("different", "one figure apart", "the same"), damping=1.0,
    ),
    keys={"whole": suffix(8)},
    doubtful=out_of_service,
)  # fmt: skip
WEBSITE = Kind(
    "website",
    "Host of a website, without scheme and www.",
    clean=clean_website,
    comparison=Comparison(
        similarity=edits, cuts=(0.85,), m=(0.15, 0.05, 0.8), u=(0.996, 0.001, 0.003),
        labels=("different", "one letter apart", "the same"), damping=0.7,
    ),
    keys={"whole": whole, "name": one(name_in_host)},
)  # fmt: skip
