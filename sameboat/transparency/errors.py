"""What can be wrong with the log itself. Each message says what, where and what to do next."""


class LogError(Exception):
    """The log refuses."""

    code = "log"


class UnknownEventError(LogError):
    """An entry's type and version have no schema here."""


class BooksError(LogError):
    """An event would make an account hold less than nothing, or does not sum to zero."""


class BadInput(LogError):  # noqa: N818 - said of what came in, not of the program
    """What was asked or handed in cannot be used."""

    code = "bad-input"


class FoundWrong(LogError):  # noqa: N818 - a finding, not a failure
    """A check was carried out and found something wrong."""

    code = "wrong"


class StoreError(FoundWrong):
    """The stored log does not agree with its last checkpoint; the program must not run on it."""

    code = "store"


class RolledBackError(StoreError):
    """The store is older than what was published from this home; going on would fork the log."""

    code = "rolled-back"


class AuditError(FoundWrong):
    """A log that does not say what its checkpoint signs."""

    code = "audit"


class ClaimError(FoundWrong):
    """An entry claims what the entries before it do not support."""

    code = "claim"
