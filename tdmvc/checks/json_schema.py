"""Tests of values and rows with a validator of JSON Schema, batch by batch: what SQL cannot say exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from tdmvc.arrow.compute import call_function
from tdmvc.checks.json_values import NO_JSON, JsonCell, json_cells, with_whole_numbers
from tdmvc.documents.json_text import render_json
from tdmvc.documents.validator import BacktrackingError, Draft, SchemaError, SchemaValidator
from tdmvc.model.conditions import NotEvaluatedError
from tdmvc.model.rules import Format, JsonSchema, Pattern, PatternSyntax
from tdmvc.model.schema import Column


@dataclass(frozen=True, slots=True)
class JsonSchemaCondition:
    """Values of columns, or rows as objects, that are valid under a schema."""

    validators: tuple[SchemaValidator, ...]
    """What a value must be valid for; of a rule about formats, what tests them, and then what does not."""
    columns: tuple[Column, ...]
    is_text: bool = False
    is_row: bool = False
    null_values: frozenset[str] = frozenset()
    tells_writing: bool = False
    """Whether the schema tells `1.0` from `1`, which are one number in a column."""

    @classmethod
    def of(cls, test: JsonSchema | Pattern | Format, columns: Sequence[Column]) -> "JsonSchemaCondition":
        """Return the condition that tests rows of these columns.

        Raises:
            NotEvaluatedError: the validator cannot read the schema.
        """
        try:
            match test:
                case JsonSchema():
                    modes = (True, False) if test.is_about_formats else (False,)
                    return cls(
                        tuple(
                            SchemaValidator.of(test.schema, test.draft, checks_formats=one) for one in modes
                        ),
                        tuple(columns),
                        test.is_text,
                        test.is_row,
                        frozenset(test.null_values),
                        test.draft == Draft.V4,
                    )
                case Pattern():
                    if test.syntax is not PatternSyntax.ECMA:
                        raise NotEvaluatedError("nothing else evaluates it")
                    expression = f"^(?:{test.expression})$" if test.is_whole else test.expression
                    schema = render_json({"pattern": expression})
                    validator = SchemaValidator.of(schema, Draft.V2020_12)
                case Format(name):
                    schema = render_json({"format": name})
                    validator = SchemaValidator.of(
                        schema, Draft.V2020_12, checks_formats=True, knows_formats=True
                    )
        except SchemaError as error:
            if isinstance(test, Format):
                raise NotEvaluatedError("nothing else evaluates it") from None
            raise NotEvaluatedError(f"the validator of JSON Schema cannot use it: {error}") from None
        for column in columns:
            if not pa.types.is_string(column.type) or column.is_json:
                raise NotEvaluatedError("it is for texts")
        return cls((validator,), tuple(columns))

    def find_broken(self, rows: pa.RecordBatch) -> Sequence[int]:
        """Return the places of the rows that are not valid; see `RowCondition.find_broken`."""
        if self.is_row:
            return self._find_rows(rows)
        places: set[int] = set()
        for column, cells in zip(self.columns, rows.columns, strict=True):
            places.update(self._find_cells(column, cells))
        return sorted(places)

    def _find_cells(self, column: Column, cells: pa.Array) -> list[int]:
        if pa.types.is_nested(cells.type):
            values = self._values(column, cells)
            return [place for place, value in enumerate(values) if value is not None and self._breaks(value)]
        encoded = call_function("dictionary_encode", [cells])
        distinct = self._values(column, encoded.dictionary)
        broken = {code for code, value in enumerate(distinct) if self._breaks(value)}
        if not broken:
            return []
        return [place for place, code in enumerate(encoded.indices.to_pylist()) if code in broken]

    def _find_rows(self, rows: pa.RecordBatch) -> list[int]:
        names = [column.name for column in self.columns]
        cells = [
            self._values(column, array) for column, array in zip(self.columns, rows.columns, strict=True)
        ]
        broken = []
        for place in range(rows.num_rows):
            row = {
                name: values[place]
                for name, values in zip(names, cells, strict=True)
                if values[place] is not None or name in self.null_values
            }
            if any(value is NO_JSON for value in row.values()) or self._breaks(row):  # type: ignore[arg-type]
                broken.append(place)
        return broken

    def _values(self, column: Column, cells: pa.Array) -> Sequence[JsonCell]:
        values = json_cells(column, cells, is_text=self.is_text)
        is_written = self.is_text or column.is_json
        return (
            [with_whole_numbers(one) for one in values] if self.tells_writing and not is_written else values
        )

    def _breaks(self, value: JsonCell) -> bool:
        if value is NO_JSON:
            return True
        try:
            if self.validators[0].is_valid(value):  # type: ignore[arg-type]
                return False
            # What is invalid whatever its formats breaks another rule.
            return all(one.is_valid(value) for one in self.validators[1:])  # type: ignore[arg-type]
        except BacktrackingError:
            raise NotEvaluatedError("a regular expression of its schema takes too many steps") from None
        except SchemaError as error:
            raise NotEvaluatedError(f"the validator of JSON Schema cannot use it: {error}") from None
