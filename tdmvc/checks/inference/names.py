"""What the names of columns and tables suggest."""

import re
from collections.abc import Iterator, Sequence

from tdmvc.model.schema import Column, TableSchema

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_IDS = frozenset(
    {"id", "uuid", "guid", "key", "no", "nr", "number", "code", "pk", "ref", "slug", "sku", "isbn", "ean"}
)
_UNIQUE = frozenset(
    {
        *(
            "uuid",
            "guid",
            "email",
            "mail",
            "username",
            "login",
            "slug",
            "sku",
            "isbn",
            "ean",
            "token",
            "checksum",
        ),
        *("barcode", "vin", "iban"),
    }
)
_OWN_ROWS = frozenset(
    {
        "parent",
        "manager",
        "supervisor",
        "boss",
        "reports",
        "root",
        "original",
        "previous",
        "next",
        "reply",
        "replaces",
    }
)
_PLACES = frozenset(
    {
        *("line", "position", "pos", "seq", "sequence", "order", "ordinal", "rank", "index", "slot", "step"),
        *("year", "quarter", "month", "week", "day", "date", "period", "version", "revision", "edition"),
        *("locale", "language", "lang", "currency", "country", "region", "type", "kind", "role"),
    }
)
"""What tells the rows of one thing apart, beside its identifier."""
_EARLY = frozenset(
    {
        *(
            "start",
            "starts",
            "started",
            "begin",
            "begins",
            "began",
            "from",
            "created",
            "opened",
            "placed",
            "ordered",
        ),
        *(
            "order",
            "hired",
            "hire",
            "issued",
            "registered",
            "signed",
            "requested",
            "sent",
            "rental",
            "invoice",
            "added",
        ),
        *(
            "invoiced",
            "since",
            "birth",
            "born",
            "first",
            "min",
            "low",
            "lower",
            "submitted",
            "booked",
            "effective",
        ),
    }
)
_LATE = frozenset(
    {
        *(
            "end",
            "ends",
            "ended",
            "finish",
            "finished",
            "until",
            "to",
            "thru",
            "through",
            "updated",
            "modified",
        ),
        *(
            "closed",
            "shipped",
            "delivered",
            "paid",
            "returned",
            "return",
            "cancelled",
            "canceled",
            "expires",
            "expiry",
        ),
        *(
            "expired",
            "due",
            "completed",
            "resolved",
            "last",
            "left",
            "deleted",
            "approved",
            "max",
            "high",
            "upper",
        ),
        *("death", "died", "received", "activated", "confirmed", "terminated", "hire", "hired", "invoiced"),
    }
)
_BEFORE = {"birth": {"hire", "hired", "death", "died"}, "born": {"death", "died"}, "ordered": {"invoiced"}}


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: `CustomerId` and `customer_id` give `customer`, `id`."""
    return tuple(word.lower() for word in _WORD.findall(name))


def is_identifier(column: str) -> bool:
    """Whether a column's name ends as that of an identifier does."""
    found = words(column)
    return bool(found) and found[-1] in _IDS


def is_part_of_key(column: str) -> bool:
    """Whether a column's name is one that keys of several columns have: `order_id`, `line`, `valid_year`."""
    found = words(column)
    return is_identifier(column) or (bool(found) and found[-1] in _PLACES)


def is_unique_name(column: str, table: str) -> bool:
    """Whether a column's name suggests that its values never repeat: `email`, `order_number` of `orders`."""
    found = words(column)
    if not found or found[-1] in _UNIQUE:
        return bool(found)
    return found[-1] in _IDS and found[:-1] in ((), words(table), _singular(words(table)))


def key_rank(column: str, table: str) -> int:
    """Return how much a column's name looks like that of its table's key; 0 for not at all."""
    found, owner = words(column), _singular(words(table))
    if found in (("id",), (*owner, "id")):
        return 3
    if found in (("uuid",), ("guid",), ("key",), (*owner, "uuid"), (*owner, "key")):
        return 2
    return 1 if is_unique_name(column, table) else 0


def reference_rank(column: str, table: str, target: str, key: str) -> int:
    """Return how much a column's name looks like that of a reference to another table's key; 0 for not at all."""
    found, owner, end = words(column), _singular(words(target)), words(key)
    if not found:
        return 0
    if table == target:
        return 2 if found[0] in _OWN_ROWS and found != end else 0
    full = end if end[: len(owner)] == owner else (*owner, *end)
    if found == full:
        return 4
    if len(full) > 1 and found[-len(full) :] == full:
        return 3
    # `customer`, or `author` where the key is a code.
    return 1 if found == owner and len(owner) > 0 else 0


def ordered_pairs(schema: TableSchema) -> Iterator[tuple[Column, Column]]:
    """Yield pairs of columns whose names say that the first comes before the second."""
    for early in schema.columns:
        for late in schema.columns:
            if early is late or early.type != late.type:
                continue
            if _comes_before(words(early.name), words(late.name)):
                yield early, late


def _comes_before(early: Sequence[str], late: Sequence[str]) -> bool:
    if len(early) > 1 and len(early) == len(late):
        # `valid_from`, `valid_to`: all other words are the same.
        differing = [(one, other) for one, other in zip(early, late, strict=True) if one != other]
        if len(differing) == 1:
            one, other = differing[0]
            return one in _EARLY and other in _LATE and not (one in _LATE and other in _EARLY)
    first, last = set(early) & _EARLY, set(late) & _LATE
    if any(last & _BEFORE.get(word, set()) for word in first):
        return True
    return bool(first and last) and not (set(early) & _LATE or set(late) & _EARLY)


def _singular(found: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a table's name with the last one in the singular."""
    if not found:
        return found
    last = found[-1]
    for end, replacement in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if last.endswith(end) and len(last) > len(end) + 1:
            return (*found[:-1], last.removesuffix(end) + replacement)
    if last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 2:
        return (*found[:-1], last.removesuffix("s"))
    return found
