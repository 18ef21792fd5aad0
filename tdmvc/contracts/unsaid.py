"""Notes for what a format has no word for, beside rules: where values come from, who may see them, what is kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tdmvc.contracts.base import Note
from tdmvc.model.rules import Place
from tdmvc.model.schema import Column, Contract, TableSchema

NOWHERE: Final = Place("contract.yaml")
"""The place of what a contract declares without a line of its own."""
_CLASSIFICATION: Final = "classification"
_OF_COLUMNS: Final[Mapping[str, Callable[[Column], object]]] = {
    _CLASSIFICATION: lambda column: column.classification,
    "default": lambda column: column.default is not None and column.default.literal is None,
    "expression": lambda column: column.generated,
    "identity": lambda column: column.identity,
    "collation": lambda column: column.collation,
}


def unsaid(
    tables: Iterable[TableSchema], contract: Contract, format: str, *, is_of_databases: bool = False
) -> Iterator[Note]:
    """Yield a note for each thing that a format cannot say, with the columns or tables that have it.

    Args:
        tables: those that are written.
        format: its name, as the subject of a sentence.
        is_of_databases: whether it says where values come from and how tables are kept.
    """
    why = f"{format} has no word for it"
    for table in tables:
        place = next(iter(table.places.values()), NOWHERE)
        for what, has in _OF_COLUMNS.items():
            names = [column.name for column in table.columns if has(column)]
            if names and (what == _CLASSIFICATION or not is_of_databases):
                yield Note(place, f"The {what} of {table.name}.{', '.join(names)} is not written: {why}.")
        if not is_of_databases:
            kept = [f"The index {index.name}" for index in table.indexes]
            kept += [f"The option {', '.join(table.options.words)}"] if table.options is not None else []
            yield from (Note(place, f"{one} of {table.name} is not written: {why}.") for one in kept)
    for view in contract.views:
        yield Note(NOWHERE, f"The view {view.name} is not written: {format} is written for tables only.")
    for level in contract.service_levels:
        place = level.place or NOWHERE
        yield Note(place, f"The service level {level.property} is not written: {why}.")
