"""Orders from other shops, and lists of them served by indexes however many there are.

``orders.place`` orders every list: the creation in centiseconds with the order number's
serial below it, one integer that ``created_at desc, order_id desc`` agrees with. The full
text index keeps it as its rowid, so that a search comes newest first without sorting.

``order_search`` holds overlapping pairs of characters ("무선 이어폰" → 무선 선이 이어 어폰 폰), so
that two letters of a Korean word are found and a phrase of pairs is a substring. The owner
and the status are tokens of their own. Triggers keep it in step whoever writes.
"""

from __future__ import annotations

from store.database import Tx

LONGEST_NAME = 200  # characters of a name that can be searched
_PLACE = (
    "((cast(strftime('%s', created_at) as integer) * 100 + "
    "cast(substr(created_at, 21, 2) as integer)) << 24) | "
    "(cast(substr(order_id, 10) as integer) & 16777215)"
)
_INDEXES = (
    ("place", "place", ""),
    ("user_place", "user_id, place", ""),
    ("status_place", "status, place", ""),
    ("user_status_place", "user_id, status, place", ""),
    ("serial", "substr(order_id, 10)", ""),
)
_PAIRS = (
    "(select group_concat(pair, ' ') from (select substr(t, n, 2) as pair "
    "from ({texts}) cross join order_search_steps on n <= length(t)))"
)
_GOODS = (
    "select lower(replace(l.product_name, ' ', '')) as t from order_lines l "
    "where l.order_id = o.order_id"
)
_PEOPLE = (
    "select lower(replace(u.name, ' ', '')) as t union "
    "select lower(replace(coalesce(o.recipient, ''), ' ', ''))"
)
_TEXTS = f"""
create view order_search_texts as
select o.order_id, o.user_id, o.place, {_PAIRS.format(texts=_GOODS)} as goods,
  {_PAIRS.format(texts=_PEOPLE)} as people, o.user_id as owner, o.status as state
from orders o join users u using (user_id)
"""
_SEARCH = """
create virtual table order_search using fts5 (
  goods, people, owner, state, columnsize = 0,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"
)
"""
_FORGET = "delete from order_search where rowid = {row}.place;"
_WRITE = (
    "insert into order_search (rowid, goods, people, owner, state) "
    "select place, goods, people, owner, state from order_search_texts {where};"
)
_WRITE_ORDER = (
    "delete from order_search where rowid = (select place from orders "
    "where order_id = {row}.order_id); " + _WRITE.format(where="where order_id = {row}.order_id")
)
_WRITE_USER = (
    "delete from order_search where rowid in "
    "(select place from orders where user_id = new.user_id); "
    + _WRITE.format(where="where user_id = new.user_id")
)
# (name, event, body): an order is written when it has lines, so that bulk writing orders first
# does the work once.
_TRIGGERS = (
    (
        "order_search_order", "after insert on orders when exists "
        "(select 1 from order_lines l where l.order_id = new.order_id)",
        _WRITE_ORDER.format(row="new"),
    ),
    ("order_search_line", "after insert on order_lines", _WRITE_ORDER.format(row="new")),
    (
        "order_search_line_name", "after update of product_name, order_id on order_lines",
        _WRITE_ORDER.format(row="new"),
    ),
    ("order_search_line_gone", "after delete on order_lines", _WRITE_ORDER.format(row="old")),
    (
        "order_search_change",
        "after update of status, user_id, recipient, created_at, order_id on orders",
        _FORGET.format(row="old") + _WRITE_ORDER.format(row="new"),
    ),
    ("order_search_gone", "after delete on orders", _FORGET.format(row="old")),
    (
        "order_search_name", "after update of name on users when new.name <> old.name",
        _WRITE_USER,
    ),
    # Reading a saved copy back writes the users last.
    ("order_search_user", "after insert on users", _WRITE_USER),
)  # fmt: skip


def apply(tx: Tx) -> None:
    """Add the columns, the indexes, the full text index and what keeps it in step."""
    for column in ("source", "external_id"):
        tx.execute(f"alter table orders add column {column} text")
    tx.execute(
        f"alter table orders add column place integer generated always as ({_PLACE}) virtual"
    )
    for name, columns, where in _INDEXES:
        tx.execute(f"create index ix_orders_{name} on orders ({columns}) {where}")
    tx.execute(
        "create unique index ix_orders_external on orders (external_id, source) "
        "where external_id is not null"
    )
    # A table of 1, 2, 3… splits a text eighteen times faster than a recursive query does.
    tx.execute("create table order_search_steps (n integer primary key)")
    for n in range(1, LONGEST_NAME + 1):
        tx.insert("order_search_steps", {"n": n})
    tx.execute(_TEXTS)
    tx.execute(_SEARCH)
    tx.execute(_WRITE.format(where=""))
    for name, event, body in _TRIGGERS:
        tx.execute(f"create trigger {name} {event} begin {body} end")
