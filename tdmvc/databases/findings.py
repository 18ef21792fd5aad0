"""What writers of databases report: what a database cannot hold, and what rows break."""

from collections.abc import Sequence

from tdmvc.errors import format_names
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.text import plural

_FIT = "change the values, or the type of the column in the database; or leave the table out with --exclude."


def left_out(noun: str, table: str | None, why: str) -> Finding:
    """Return the finding on something beside a table that was not made."""
    return Finding("declaration-left-out", Severity.WARNING, f"The {noun} was left out: {why}.", table=table)


def generated_finding(table: str, column: str, count: int) -> Finding:
    """Return the finding on a column whose values the database computes otherwise."""
    return Finding(
        "value-replaced",
        Severity.WARNING,
        f"{plural(count, 'value')} of {table}.{column} {'differs' if count == 1 else 'differ'} from what its "
        "expression gives; the database computes the column.",
        table=table,
        columns=(column,),
        details={"values": count},
    )


def type_finding(table: str, column: str, declared: str, used: str, why: str = "") -> Finding:
    """Return the finding on a column that has another type in the database than at its source."""
    return Finding(
        "type-replaced",
        Severity.WARNING,
        f"{table}.{column} was made as {used}: {why or f'{declared} would change some of its values'}.",
        table=table,
        columns=(column,),
        details={"declared": declared, "used": used},
    )


def broken_reference(table: str, columns: tuple[str, ...], parent: str, count: int) -> Finding:
    """Return the finding on a reference that rows break."""
    return Finding(
        "broken-reference",
        Severity.WARNING,
        f"{plural(count, 'row')} of {table} {'refers' if count == 1 else 'refer'} by {', '.join(columns)} "
        f"to a row of {parent} that does not exist.",
        table=table,
        columns=columns,
        remedy="add the missing rows, or fix the references.",
        details={"to": parent, "rows": count},
    )


def value_finding(
    table: str,
    column: str,
    message: str,
    severity: Severity = Severity.ERROR,
    details: dict[str, object] | None = None,
) -> Finding:
    """Return the finding on values that a column cannot hold; a warning if they read back in another form."""
    is_error = severity is Severity.ERROR
    return Finding(
        "value-not-possible" if is_error else "value-in-other-form",
        severity,
        message,
        table=table,
        columns=(column,),
        remedy=_FIT if is_error else "",
        details=details or {},
    )


def values_finding(
    table: str,
    column: str,
    count: int,
    problem: str,
    severity: Severity = Severity.ERROR,
    **details: object,
) -> Finding:
    """Return the finding on so many values of a column.

    Args:
        problem: what they are: `longer than varchar(40)`.
    """
    message = f"{plural(count, 'value')} of {table}.{column} {'is' if count == 1 else 'are'} {problem}."
    return value_finding(table, column, message, severity, {"values": count, **details})


def triggers_finding(table: str, target: str, triggers: Sequence[str]) -> Finding:
    """Return the finding on triggers that do not run while rows are loaded.

    Args:
        target: the table as the database calls it.
    """
    return Finding(
        "trigger-not-run",
        Severity.INFO,
        f"While rows of {target} are loaded, these do not run: {format_names(triggers)}.",
        table=table,
    )
