"""Many rows into a table in few statements, past the ORM, whose objects cost more than the database's own work."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from django.db import connection, models

T = TypeVar("T")

MOST_PARAMETERS = 8_192
"""Values in one statement; SQLite takes 32,766, PostgreSQL 65,535, and neither gains from more."""

MOST_NAMED = 500
"""Values that a query names one by one."""

_PLAIN = frozenset({str, int, bytes, type(None)})


def insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, each the values of the fields called `names` in that order; a related object by its key."""
    for statement, values in _statements(model, names, rows):
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


def create(made: Sequence[models.Model]) -> None:
    """Insert objects of one model and give each its key, as `bulk_create` does in five times the time."""
    if not made:
        return
    model = type(made[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    values = [[getattr(each, field.attname) for field in fields] for each in made]
    key = connection.ops.quote_name(_column(model, "pk"))
    without_key = iter(made)
    for statement, parameters in _statements(model, [field.name for field in fields], values):
        with connection.cursor() as cursor:
            cursor.execute(f"{statement} RETURNING {key}", parameters)
            keys = cursor.fetchall()
        # Rows come back in the order of the values, which Django's bulk_create relies on too.
        for (pk,), each in zip(keys, without_key, strict=False):
            each.pk, each._state.adding, each._state.db = pk, False, connection.alias


def insert_new(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], unique: str
) -> dict[Any, int]:
    """Insert the rows whose value of the field `unique` is not there yet; return the new keys by that value.

    Each statement is right also where two processes insert the same at once: the second waits for the first.
    """
    quote = connection.ops.quote_name
    column = quote(_column(model, unique))
    ending = f" ON CONFLICT ({column}) DO NOTHING RETURNING {quote(_column(model, 'pk'))}, {column}"
    new: dict[Any, int] = {}
    for statement, values in _statements(model, names, rows):
        with connection.cursor() as cursor:
            cursor.execute(statement + ending, values)
            new.update((bytes(value) if isinstance(value, memoryview) else value, key) for key, value in cursor)
    return new


def parts(values: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Yield the values in parts of at most `most`."""
    for start in range(0, len(values), most):
        yield values[start : start + most]


def _statements(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, list[Any]]]:
    quote = connection.ops.quote_name
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in names]
    head = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(str(f.column)) for f in fields)}) VALUES "  # noqa: S608
    place = f"({', '.join(['%s'] * len(fields))})"
    moments: dict[datetime, Any] = {}

    def stored(field: "models.Field[Any, Any]", value: Any) -> Any:
        if not isinstance(value, datetime):
            return field.get_db_prep_save(value, connection)
        if value not in moments:  # one action's rows mostly share theirs
            moments[value] = field.get_db_prep_save(value, connection)
        return moments[value]

    for part in parts(rows, MOST_PARAMETERS // len(fields)):
        values = [
            value if type(value) in _PLAIN else stored(field, value)
            for row in part
            for field, value in zip(fields, row, strict=True)
        ]
        yield head + ", ".join([place] * len(part)), values


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return str(cast("models.Field[Any, Any]", field).column)
