"""Everything that can go wrong on purpose, one tree.

HubError                    an error with a message for people
├── BadInput            422 what was asked or delivered cannot be used; the message says what to change
│   └── BadConfig       422 a configuration file is wrong
├── NotFound            404 no such thing
├── Gone                410 it was there, and was erased
├── Conflict            409 it contradicts what is already decided
├── Unauthorised        401 no valid key
├── Forbidden           403 a valid key without the right
├── PreconditionFailed  412 somebody changed it meanwhile
└── StoreUnavailable    503 the database cannot be reached or started; retry (its reasons: mdm/store/embedded/errors.py)
"""

from typing import ClassVar


class HubError(Exception):
    """An error with a message for people."""

    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False
    code: ClassVar[str] = "internal"


class BadInput(HubError):
    """What was asked or delivered cannot be used."""

    status = 422
    code = "bad_input"


class BadConfig(BadInput):
    """A configuration file is wrong."""

    code = "bad_config"


class NotFound(HubError):
    """No such thing."""

    status = 404
    code = "not_found"


class Gone(HubError):
    """It was there, and was erased."""

    status = 410
    code = "gone"


class Conflict(HubError):
    """It contradicts what is already decided."""

    status = 409
    code = "conflict"


class Unauthorised(HubError):
    """No valid key."""

    status = 401
    code = "unauthorised"


class Forbidden(HubError):
    """A valid key without the right."""

    status = 403
    code = "forbidden"


class PreconditionFailed(HubError):
    """Somebody changed it meanwhile."""

    status = 412
    code = "precondition_failed"


class StoreUnavailable(HubError):
    """The database cannot be reached or started."""

    status = 503
    retry = True
    code = "store_unavailable"
