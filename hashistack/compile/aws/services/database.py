"""The name of the app's database on a managed server."""

from __future__ import annotations

# Words that PostgreSQL reserves (its documentation, appendix C, column "PostgreSQL") and RDS's own databases.
_WORDS = (
    "all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate "
    "collation column concurrently constraint create cross default deferrable desc distinct do else end except "
    "false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull "
    "join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or "
    "order outer overlaps placing postgres primary rdsadmin references returning right select similar some "
    "symmetric table tablesample template0 template1 then to trailing true union unique user using variadic "
    "verbose when where window with"
)
_RESERVED = frozenset(_WORDS.split())


def database(app: str) -> str:
    """Return the app's name as a database's name: RDS allows letters, digits and underscores, and no reserved word."""
    name = app.replace("-", "_")
    return f"{name}_app" if name in _RESERVED else name
