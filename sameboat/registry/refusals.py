"""Why an action refuses. One type a kind of mistake; each says what was wrong, where, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass


class Refused(Exception):  # noqa: N818 - the word users see
    """An action was refused; nothing was changed."""

    code = "refused"
    status = 400

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message, self.field = message, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field."""

    field: str
    message: str


class InvalidInput(Refused):
    """One or more fields are wrong."""

    code, status = "invalid-input", 422

    def __init__(self, faults: Sequence[Fault], message: str = "") -> None:
        super().__init__(message or " ".join(fault.message for fault in faults), faults[0].field)
        self.faults = list(faults)


class NotPermitted(Refused):
    """The person may not do this for this organisation."""

    code, status = "not-permitted", 403


class NotFound(Refused):
    """There is nothing at this id."""

    code, status = "not-found", 404


class Conflict(Refused):
    """The thing is no longer in a state in which this can be done, or the same key was used for another request."""

    code, status = "conflict", 409


class TooMany(Refused):
    """Too many requests from one address or member; `retry_after` and the message say when to try again."""

    code, status = "too-many", 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthenticated(Refused):
    """Nobody knows who asks: no sign-in and no token, or one that does not hold."""

    code, status = "unauthenticated", 401
