"""The value that a column gets in a row that leaves it out, as an INSERT would give it."""

from tdmvc.model.schema import Column
from tdmvc.sql.quoting import quote_text
from tdmvc.sql.types import duckdb_type


def default_sql(column: Column) -> str:
    """Return SQL for the value in the column's type: its literal default, else null."""
    type_ = duckdb_type(column.type)
    literal = column.default.literal if column.default is not None else None
    if literal is None or column.generated is not None:
        return f"CAST(NULL AS {type_})"
    return f"TRY_CAST({quote_text(literal)} AS {type_})"


def no_default_reason(column: Column) -> str | None:
    """Return why a row gets null, although the column is not simply one that may be null; else None."""
    if column.generated is not None:
        return f"only a database computes it ({column.generated.expression})"
    if column.identity is not None:
        return "only a database numbers it"
    if column.default is None:
        return "it is required and has no default" if column.required else None
    if column.default.literal is None:
        return f"only {column.default.dialect} evaluates its default ({column.default.expression})"
    return None
