"""Add to running totals in one statement a table: a row that is missing begins with what is added."""

import functools
from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, models


@functools.cache
def _statement(model: type[models.Model], keys: tuple[str, ...], sums: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in keys + sums]
    columns = {field.name: quote(str(field.column)) for field in fields}
    names = ", ".join(columns.values())
    places = ", ".join(["%s"] * len(columns))
    unique = ", ".join(columns[name] for name in keys)
    changes = ", ".join(f"{columns[name]} = {table}.{columns[name]} + excluded.{columns[name]}" for name in sums)
    return f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT ({unique}) DO UPDATE SET {changes}"  # noqa: S608


def add(model: type[models.Model], keys: Sequence[str], sums: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add each row's sums to the row of `model` with its keys, within the caller's transaction.

    `keys` and `sums` name fields; the keys must have a unique constraint. A row gives the values of both, in that
    order, a related object by its primary key. Rows are added in one order everywhere, so that two transactions
    cannot wait for each other.
    """
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_statement(model, tuple(keys), tuple(sums)), sorted(rows))
