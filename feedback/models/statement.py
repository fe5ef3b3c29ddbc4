"""The statements that every post, email and poll make, written out.

To build one takes Django 0.2 ms, what a poll asks 0.6 and a claim 1.8; to run it takes 0.03 ms. What is
done less often is left to Django.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

M = TypeVar("M", bound=models.Model)
Row = tuple[Any, ...]
Converter = tuple[int, Any, Callable[..., Any]]  # of the value at that place in a row

INSERT = "INSERT INTO {table} ({columns}) VALUES {rows} RETURNING {key}"


def insert(*tables: Sequence[models.Model]) -> None:
    """Save new rows, those of one model after those of another, and give them their keys."""
    database = _database()
    with database.cursor() as cursor:
        for new in tables:
            statement, names = _insertion(type(new[0]), len(new))
            values = [_written(getattr(row, name), database) for row in new for name in names]
            cursor.execute(statement, values)
            for row, (key,) in zip(new, cursor.fetchall(), strict=True):
                row.pk = row._meta.pk.to_python(key)
                row._state.adding = False


def rows(statement: str, **values: Any) -> list[Row]:
    """Return the rows of a statement that gives some; on PostgreSQL a setting may stand before it."""
    database = _database()
    with database.cursor() as cursor:
        cursor.execute(statement, {name: _written(value, database) for name, value in values.items()})
        if cursor.description is None:
            cursor.nextset()
        found: list[Row] = cursor.fetchall()  # to the end, where SQLite makes a change its own
        return found


def listed(statement: str, listing: Sequence[Sequence[Any]], **values: Any) -> list[Row]:
    """Return the rows of a statement that is given a listing, at its `{values}`."""
    names = [[f"value_{at}_{place}" for place in range(len(row))] for at, row in enumerate(listing)]
    marks = ", ".join(f"({', '.join(f'%({name})s' for name in row)})" for row in names)
    given = {
        name: value for row in zip(names, listing, strict=True) for name, value in zip(*row, strict=True)
    }
    return rows(statement.replace("{values}", marks), **given, **values)


def read(model: type[M], row: Row, *only: str) -> M:
    """Return the model whose `columns` a row begins with."""
    database = _database()
    names, converters = _reading(model, only, database.vendor)
    values = list(row[: len(names)])
    for index, column, convert in converters:
        values[index] = convert(values[index], column, database)
    return model.from_db(database.alias, names, values)


@cache
def columns(model: type[models.Model], *only: str) -> str:
    """Return the columns of a model, or only those of some of its fields."""
    return ", ".join(f"{model._meta.db_table}.{field.column}" for field in _fields(model, only))


def _database() -> BaseDatabaseWrapper:
    """Return this thread's connection itself: Django's proxy of it looks it up at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


def _written(value: Any, database: BaseDatabaseWrapper) -> Any:
    """Return a value as this database writes it."""
    if isinstance(value, datetime):
        return database.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not database.features.has_native_uuid_field:
        return value.hex
    return value


@cache
def _insertion(model: type[models.Model], count: int) -> tuple[str, list[str]]:
    """Return the INSERT of so many rows, and the fields whose values it takes for each."""
    given = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    marks = ", ".join(["%s"] * len(given))
    statement = INSERT.format(
        table=model._meta.db_table,
        columns=", ".join(str(field.column) for field in given),
        rows=", ".join([f"({marks})"] * count),
        key=model._meta.pk.column,
    )
    return statement, [field.attname for field in given]


@cache
def _reading(
    model: type[models.Model], only: tuple[str, ...], vendor: str
) -> tuple[list[str], list[Converter]]:
    """Return a model's fields, and how to read what this database gives for some of them."""
    fields, database = [field.get_col("") for field in _fields(model, only)], _database()
    converters = [
        (index, column, convert)
        for index, column in enumerate(fields)
        for convert in database.ops.get_db_converters(column) + column.get_db_converters(database)
    ]
    return [field.attname for field in _fields(model, only)], converters


def _fields(model: type[models.Model], only: tuple[str, ...]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not only or field.attname in only]
