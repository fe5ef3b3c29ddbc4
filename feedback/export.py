"""Rows as a CSV file that a spreadsheet opens without running anything in it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import StreamingHttpResponse

# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

PAGE = 1000
M = TypeVar("M", bound=Model)


class Echo:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def csv_response(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Answer row by row, so that a million take no more memory than one."""
    response = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def newest_first(queryset: QuerySet[M], by: str) -> Iterator[M]:
    """Give rows by pages: a cursor on PostgreSQL brings all into memory, or breaks at a pooler."""
    rows = queryset.order_by(f"-{by}", "-pk")
    page = list(rows[:PAGE])
    while page:
        yield from page
        last = getattr(page[-1], by)
        page = list(rows.filter(Q((f"{by}__lte", last)) & ~Q((by, last), pk__gte=page[-1].pk))[:PAGE])


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    # Quoted all, or a semicolon begins a new cell, and perhaps a formula, in half of Europe's spreadsheets.
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff"  # or Excel takes UTF-8 for something older
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_safe(cell) for cell in row])


def _safe(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
