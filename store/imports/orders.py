"""``import-orders``: a shop's orders from its CSV export, as often as one likes.

The rows are laid down by order number first (``order_stage``), then read by a mapping
(``order_mapping``, ``order_rows``), put together and checked (``order_groups``), and written
some hundred orders a transaction. An order is known again by its source and its number there:
a second run of a file changes nothing, a newer export moves orders forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from store import order_pages
from store.database import Database
from store.imports.order_groups import ImportedOrder, put_together
from store.imports.order_mapping import OrderMapping, key
from store.imports.order_rows import OrderRow, RowReader, number_of
from store.imports.order_stage import Stage, WatchedRejects
from store.imports.order_writer import OrderWriter
from store.imports.reading import Columns, ImportReport, Progress, Raw, Rejects, batches, read_rows
from store.imports.values import BadValue

__all__ = ["import_orders"]

ORDERS_A_TRANSACTION = 500
Rows = list[tuple[int, Raw]]


def import_orders(
    database: Database, path: Path, mapping: OrderMapping, *, progress: Progress | None = None,
    written: Progress | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ImportReport:  # fmt: skip
    """Insert the orders of an export and move the known ones forward.

    ``inserted``, ``updated`` and ``unchanged`` count orders, ``rows`` and ``rejected`` rows of
    the file; a bad row takes its whole order with it. ``progress`` is told bytes of the file,
    ``written`` orders. A run that was cut off is completed by the next. Raises BadInput for a
    file that cannot be read or has not the mapping's columns, OSError for one that cannot be
    opened.
    """
    started = perf_counter()
    stage = Stage()
    rejects = WatchedRejects(path, stage)
    with stage, rejects:
        taken, found = _lay_down(path, mapping, stage, rejects, progress)
        writer = OrderWriter(found.source)
        done, total = 0, stage.count()
        for batch in batches(_checked(stage, found, rejects), ORDERS_A_TRANSACTION):
            with (
                database.write(durable=False) as tx,
                order_pages.indexed_at_once(tx) as touched,
            ):
                for order, rows in batch:
                    if order is None:
                        continue
                    try:
                        touched += writer.write(tx, order, at=now())
                    except BadValue as error:
                        _reject(rejects, rows, {}, str(error))
            done += len(batch)
            if written is not None:
                written(done, total)
        return rejects.report(
            rows=taken, inserted=writer.inserted, updated=writer.updated,
            unchanged=writer.unchanged, took_s=perf_counter() - started,
        )  # fmt: skip


def _lay_down(
    path: Path,
    mapping: OrderMapping,
    stage: Stage,
    rejects: WatchedRejects,
    progress: Progress | None,
) -> tuple[int, OrderMapping]:
    """Lay every row down by its order; the rows' number and the mapping of what is there."""
    found = None
    taken = 0

    def check(raw: Raw) -> object:
        row = _by_key(raw)
        return RowReader(mapping.present(row)).read(row)

    rows = read_rows(path, Columns({}), rejects, format="csv", progress=progress, check=check)
    for line, raw in rows:
        row = _by_key(raw)
        found = found or mapping.present(row)
        taken += 1
        try:
            number = number_of(row, found)
            if not number:
                raise BadValue("주문번호가 비어 있습니다")
        except BadValue as error:
            rejects.add(line, str(error), raw)
        else:
            stage.add(number, line, raw)
    return taken + rejects.unread, found or mapping


def _by_key(row: Raw) -> Raw:
    return {key(name): value for name, value in row.items()}


def _checked(
    stage: Stage, mapping: OrderMapping, rejects: Rejects
) -> Iterator[tuple[ImportedOrder | None, Rows]]:
    """Every order put together; None for one that was rejected."""
    reader = RowReader(mapping)
    for rows, broken in stage.orders():
        yield _order(rows, broken, reader, mapping, rejects), rows


def _order(
    rows: Rows, broken: int | None, reader: RowReader, mapping: OrderMapping, rejects: Rejects
) -> ImportedOrder | None:
    read: list[OrderRow] = []
    reasons: dict[int, str] = {}
    for line, row in rows:
        try:
            read.append(reader.read(_by_key(row)))
        except BadValue as error:
            reasons[line] = str(error)
    if broken is not None:
        _reject(rejects, rows, reasons, f"같은 주문의 {broken}행을 읽을 수 없어 함께 제외했습니다")
        return None
    if reasons:
        line, reason = next(iter(reasons.items()))
        together = f"같은 주문의 {line}행 때문에 함께 제외했습니다({reason})"
        _reject(rejects, rows, reasons, together)
        return None
    try:
        return put_together(read, mapping)
    except BadValue as error:
        _reject(rejects, rows, {}, str(error))
        return None


def _reject(rejects: Rejects, rows: Rows, reasons: dict[int, str], reason: str) -> None:
    """Keep all rows of an order, each with its own reason or the order's."""
    for line, row in rows:
        rejects.add(line, reasons.get(line, reason), row)
