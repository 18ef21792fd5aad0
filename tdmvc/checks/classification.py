"""Finds columns that lost their classification as personal, and columns whose names call for one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import pyarrow as pa

from tdmvc.model.diff import SchemaChangeKind, TableDiff
from tdmvc.model.finding import Finding, Severity
from tdmvc.model.schema import Column, TableSchema

_SINGLE = frozenset(
    {
        *("email", "emails", "mail", "emailaddress", "phone", "phones", "phonenumber", "telephone", "mobile"),
        *("cellphone", "fax", "firstname", "lastname", "fullname", "middlename", "surname", "forename"),
        *("givenname", "familyname", "maidenname", "street", "streetaddress", "address", "addresses"),
        *("postaladdress", "zip", "zipcode", "postcode", "postalcode", "ssn", "passport", "iban", "card"),
        *("creditcard", "cardnumber", "ip", "ipaddress", "latitude", "longitude"),
    }
)
"""Words of a name, each of which suggests personal data."""
_BIRTH = frozenset({"birth", "birthday", "birthdate", "birthplace", "dob", "dateofbirth"})
"""Words that suggest personal data in a text and in a date or time."""
_PHRASES = frozenset(
    {
        ("e", "mail"),
        ("first", "name"),
        ("last", "name"),
        ("full", "name"),
        ("middle", "name"),
        ("maiden", "name"),
        ("given", "name"),
        ("family", "name"),
        ("post", "code"),
        ("postal", "code"),
        ("social", "security"),
        ("tax", "id"),
        ("national", "id"),
        ("license", "plate"),
    }
)
"""Words in a row that suggest it only together."""
_ABOUT = frozenset(
    {
        *("id", "type", "kind", "status", "template", "subject", "format", "provider", "label", "category"),
        *("count", "file", "language", "enabled"),
    }
)
"""Last words of names that say something about the data, and do not hold it: `email_template`."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\W_\d]+")


def check_classification(
    old: Mapping[str, TableSchema], new: Mapping[str, TableSchema], *, diffs: Sequence[TableDiff] = ()
) -> tuple[Finding, ...]:
    """Return the columns whose classification a person should look at, by table and column order.

    A column that was personal and no longer is, is an error (`classification-lost`).
    A column without a classification that is new, or newly text, and whose name
    suggests personal data is a warning (`unclassified-personal`); any classification
    at all answers it. What was true before is not reported again.

    Args:
        diffs: the renames in them: a renamed table or column is still the same one.
    """
    by_name = {diff.name: diff for diff in diffs}
    findings: list[Finding] = []
    for name in sorted(new):
        diff = by_name.get(name)
        before = old.get((diff.old_name if diff else None) or name)
        findings.extend(_check_table(name, before, new[name], _renames(diff)))
    return tuple(findings)


def split_name(name: str) -> tuple[str, ...]:
    """Return the words of a snake, camel or kebab case name in lower case, without digits."""
    return tuple(word for word in _BETWEEN.split(_HUMP.sub(" ", name).casefold()) if word)


def suggests_personal(column: Column) -> bool:
    """Return whether a column's name and type suggest personal data, whatever its classification."""
    words = split_name(column.name)
    if _holds_text(column.type):
        if words and words[-1] in _ABOUT and words[-2:] not in _PHRASES:
            return False
        return not (_SINGLE | _BIRTH).isdisjoint(words) or not _PHRASES.isdisjoint(pairwise(words))
    is_moment = pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)
    return is_moment and not _BIRTH.isdisjoint(words)


def _check_table(
    name: str, old: TableSchema | None, new: TableSchema, renames: Mapping[str, str]
) -> Iterator[Finding]:
    for column in new.columns:
        before = old.column(renames.get(column.name, column.name)) if old else None
        if before is not None and before.is_personal and not column.is_personal:
            yield _lost(name, before, column)
        elif _is_unclassified(column) and not (before is not None and _is_unclassified(before)):
            yield _unclassified(name, column, is_new=before is None)


def _renames(diff: TableDiff | None) -> dict[str, str]:
    """Return the old names of renamed columns by their new ones."""
    changes = diff.schema if diff else ()
    return {
        change.new: change.old
        for change in changes
        if change.kind is SchemaChangeKind.COLUMN_RENAMED and change.new and change.old
    }


def _is_unclassified(column: Column) -> bool:
    return not (column.classification or "").strip() and suggests_personal(column)


def _holds_text(type_: pa.DataType) -> bool:
    if pa.types.is_list(type_):
        return _holds_text(type_.value_type)
    return bool(pa.types.is_string(type_))


def _lost(table: str, before: Column, column: Column) -> Finding:
    now = f"is {column.classification} now" if column.classification else "has no classification now"
    was = f" (as {before.name})" if before.name != column.name else ""
    return Finding(
        "classification-lost",
        Severity.ERROR,
        f"{table}.{column.name} was classified as {before.classification}{was} and {now}:"
        " its values would be shown.",
        table=table,
        columns=(column.name,),
        remedy=_format_setting(table, column.name, before.classification or "personal"),
        details={"old": before.classification, "new": column.classification},
    )


def _unclassified(table: str, column: Column, *, is_new: bool) -> Finding:
    what = "is new" if is_new else "has a new type or no classification any more"
    return Finding(
        "unclassified-personal",
        Severity.WARNING,
        f"{table}.{column.name} {what}, has a name that suggests personal data, and is not classified.",
        table=table,
        columns=(column.name,),
        remedy=_format_setting(table, column.name, "personal") + " If it is not personal, write `public`.",
    )


def _format_setting(table: str, column: str, classification: str) -> str:
    return (
        f"in contract.yaml, under schema `name: {table}`, properties `name: {column}`,"
        f" write `classification: {classification}`."
    )
