"""The door to jsonschema-rs, which is imported where it is first used: whether values are valid under a JSON Schema."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from tdmvc.documents.ecma_patterns import with_spelled_patterns
from tdmvc.documents.json_text import Json, parse_json


class Draft(StrEnum):
    """The versions of JSON Schema that are read."""

    V2020_12 = "2020-12"
    V2019_09 = "2019-09"
    V7 = "7"
    V6 = "6"
    V4 = "4"


META_SCHEMAS = {
    "https://json-schema.org/draft/2020-12/schema": Draft.V2020_12,
    "https://json-schema.org/draft/2019-09/schema": Draft.V2019_09,
    "http://json-schema.org/draft-07/schema": Draft.V7,
    "http://json-schema.org/draft-06/schema": Draft.V6,
    "http://json-schema.org/draft-04/schema": Draft.V4,
}
"""The version that a `$schema` names."""


_BACKTRACKS = re.compile(r"\(\?|\\\\[bBk1-9]")
"""What the JSON text of a schema has if a pattern of it may take too many steps."""


class SchemaError(Exception):
    """A text is no JSON Schema; the message says why, as a clause."""

    def __init__(self, what: str, path: Sequence[str | int] = ()) -> None:
        super().__init__(what)
        self.path = tuple(path)
        """The keys and places that lead to the fault."""


class BacktrackingError(Exception):
    """A regular expression took too many steps on a value, so that it is not known whether it matches."""


@dataclass(frozen=True, slots=True)
class SchemaValidator:
    """Says whether values are valid under one schema."""

    _validator: Any
    _can_give_up: bool
    """Whether a value may be invalid only because a regular expression took too many steps."""

    @classmethod
    def of(
        cls, schema: str, draft: str, *, checks_formats: bool = False, knows_formats: bool = False
    ) -> "SchemaValidator":
        """Return the validator for the JSON text of a schema; nothing outside of the text is ever read.

        Args:
            checks_formats: whether `format` is tested; otherwise it is an annotation.
            knows_formats: whether a format that cannot be tested is an error; otherwise it is an annotation.

        Raises:
            SchemaError: it is no schema of that draft.
        """
        import jsonschema_rs

        try:
            value = parse_json(schema)
            if not isinstance(value, dict | bool):
                raise SchemaError("a schema is an object, true or false")
            spelled = with_spelled_patterns(value)
            validator = _validator_class(Draft(draft))(
                spelled,
                validate_formats=checks_formats,
                ignore_unknown_formats=not knows_formats,
                offline=True,
            )
        except jsonschema_rs.ValidationError as error:
            raise SchemaError(_plain(error.message), error.instance_path) from None
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise SchemaError(_plain(str(error))) from None
        return cls(validator, _BACKTRACKS.search(schema) is not None)

    def is_valid(self, value: Json | float) -> bool:
        """Whether a value is valid.

        Raises:
            BacktrackingError: a regular expression took too many steps on it.
            SchemaError: a reference of the schema leads nowhere.
        """
        import jsonschema_rs

        try:
            if self._validator.is_valid(value):
                return True
            if self._can_give_up and any(_gave_up(error) for error in self._validator.iter_errors(value)):
                raise BacktrackingError
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise SchemaError(_plain(str(error))) from None
        return False


def check_meta_schema(schema: Json, draft: Draft) -> None:
    """Raise a SchemaError if a schema is not valid under the meta-schema of its draft."""
    if not isinstance(schema, dict | bool):
        raise SchemaError("a schema is an object, true or false")
    for error in _meta_validator(draft).iter_errors(schema):
        raise SchemaError(_plain(error.message), error.instance_path)


@cache
def _meta_validator(draft: Draft) -> Any:
    url = next(url for url, one in META_SCHEMAS.items() if one is draft)
    return _validator_class(draft)({"$ref": url}, offline=True)


def _validator_class(draft: Draft) -> Any:
    import jsonschema_rs

    return {
        Draft.V2020_12: jsonschema_rs.Draft202012Validator,
        Draft.V2019_09: jsonschema_rs.Draft201909Validator,
        Draft.V7: jsonschema_rs.Draft7Validator,
        Draft.V6: jsonschema_rs.Draft6Validator,
        Draft.V4: jsonschema_rs.Draft4Validator,
    }[draft]


def _gave_up(error: Any) -> bool:
    return type(error.kind).__name__ == "BacktrackLimitExceeded"


def _plain(message: str) -> str:
    """Return the first line of a message as a clause."""
    line = message.strip().splitlines()[0][:200].rstrip(".") if message.strip() else "it is no schema"
    return line[0].lower() + line[1:]
