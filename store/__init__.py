"""SQLite through a small handle: one repository a concept, migrations as a list.

Only this package knows SQL. ``store.database`` is the handle, ``store.models`` what the
repositories return.
"""
