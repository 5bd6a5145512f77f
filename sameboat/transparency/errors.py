"""What can be wrong with the log itself. Each message says what, where and what to do next."""


class LogError(Exception):
    """The log refuses."""


class UnknownEventError(LogError):
    """An entry's type and version have no schema here."""


class BooksError(LogError):
    """An event would make an account hold less than nothing, or does not sum to zero."""


class StoreError(LogError):
    """The stored log does not agree with its last checkpoint; the program must not run on it."""
