"""Every field of the standard (ODCS 3.0 to 3.2): what tdmvc does with it, or that it has no effect on rows."""

from dataclasses import dataclass
from enum import StrEnum

from tdmvc.contracts.odcs.column_types import FORM_PROPERTY, LOOKS_PROPERTY, TYPE_PROPERTY
from tdmvc.contracts.odcs.custom_rules import RULES_PROPERTY
from tdmvc.contracts.odcs.declarations import (
    COLLATION_PROPERTY,
    CONSTRAINT_PROPERTY,
    DEFAULT_PROPERTY,
    GENERATED_PROPERTY,
    IDENTITY_PROPERTY,
    INDEXES_PROPERTY,
    OPTIONS_PROPERTY,
    USER_TYPES_PROPERTY,
    VIEWS_PROPERTY,
)
from tdmvc.contracts.odcs.options import OPTIONS
from tdmvc.contracts.odcs.relationships import TARGET_PROPERTY


class Kind(StrEnum):
    """What a mapping of a contract is, by the path under which people know it."""

    CONTRACT = ""
    TABLE = "schema[]"
    COLUMN = "properties[]"
    OPTIONS = "logicalTypeOptions"
    MAP = "map"
    ENUM = "enum[]"
    QUALITY = "quality[]"
    ARGUMENTS = "arguments"
    RELATIONSHIP = "relationships[]"
    SERVICE_LEVEL = "slaProperties[]"
    CUSTOM = "customProperties[]"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the standard."""

    effect: str | None = None
    """What tdmvc does with it; None if it has no effect: it, and what is in it, is for people and other tools."""
    inner: Kind | None = None
    """What is in it: a mapping, or the elements of a list."""


_KEPT: Field = Field()
_CUSTOM = Field(
    "those whose name begins with `tdmvc`, described below; all others have no effect", Kind.CUSTOM
)
_ABOUT = {"description": _KEPT, "tags": _KEPT, "authoritativeDefinitions": _KEPT, "customProperties": _KEPT}
_BOUND = Field("the values lie within; two bounds of a kind are one rule, `range`")
_OPTION_EFFECTS: dict[str, Field] = {
    "minLength": Field("a text has at least as many characters (code points)"),
    "maxLength": Field("a text has at most as many characters (code points)"),
    "pattern": Field("a part of the text matches the regular expression (ECMA-262)"),
    "minimum": _BOUND,
    "maximum": _BOUND,
    "exclusiveMinimum": Field(
        "as `minimum`, without the bound itself; in version 3.0, `true` beside `minimum`"
    ),
    "exclusiveMaximum": Field(
        "as `maximum`, without the bound itself; in version 3.0, `true` beside `maximum`"
    ),
    "multipleOf": Field("a number is a multiple of it"),
    "timezone": Field("`true`: the type is an instant"),
    "defaultTimezone": Field("the zone of bounds that are written without one, in a column of instants"),
    "minProperties": Field("an object has at least as many properties that are not null"),
    "maxProperties": Field("an object has at most as many properties that are not null"),
    "required": Field("an object has these properties, and they are not null"),
    "minItems": Field("an array has at least as many elements"),
    "maxItems": Field("an array has at most as many elements"),
    "uniqueItems": Field("no element of an array repeats"),
    "dimensions": Field("a vector has as many elements"),
    "elementType": Field("the type of a vector's elements"),
}
_FORMATS: dict[str, Field] = {
    "string": Field("`email`, `uuid`, `uri`, `ipv4` and others of JSON Schema; other formats have no effect"),
    "integer": Field("the width of the type; the range of values, if a physical type is wider"),
    "number": Field("the width of the type"),
}
LOGICAL_OPTIONS: dict[str, dict[str, Field]] = {
    logical: {
        name: _FORMATS.get(logical, _KEPT) if name == "format" else _OPTION_EFFECTS.get(name, _KEPT)
        for name in names
    }
    for logical, names in OPTIONS.items()
}
"""The options of each logical type."""

_OPERATOR = Field("what the measured number must be; exactly one of the operators")
_ELEMENT: dict[str, Field] = {
    "id": Field("the target of relationships that lead to ids; no id may repeat beside another"),
    "name": Field("the name of the table or column"),
    "description": Field("shown, and written as a comment into databases"),
    "businessName": _KEPT,
    "deprecated": _KEPT,
    "synonyms": _KEPT,
    "authoritativeDefinitions": _KEPT,
    "tags": _KEPT,
    "customProperties": _CUSTOM,
    "quality": Field("rules, see `quality[]`", Kind.QUALITY),
    "relationships": Field("references, see `relationships[]`", Kind.RELATIONSHIP),
    "physicalName": _KEPT,
}

FIELDS: dict[Kind, dict[str, Field]] = {
    Kind.CONTRACT: {
        "apiVersion": Field("must be `v3.*`; decides which forms `tdmvc` writes"),
        "kind": Field("must be `DataContract`"),
        **dict.fromkeys(("id", "name", "version", "status"), Field("written if absent; no effect on rows")),
        **dict.fromkeys(("tenant", "tags", "dataProduct", "domain", "contractCreatedTs"), _KEPT),
        **dict.fromkeys(("description", "servers", "support", "price", "team", "roles", "context"), _KEPT),
        "schema": Field("the tables, in this order", Kind.TABLE),
        "slaDefaultElement": Field("the column of `slaProperties` without an `element`"),
        "slaProperties": Field("see `slaProperties[]`", Kind.SERVICE_LEVEL),
        "authoritativeDefinitions": _KEPT,
        "customProperties": _CUSTOM,
    },
    Kind.TABLE: {
        **_ELEMENT,
        "physicalType": Field("`table` is written for new tables; no effect on rows"),
        "logicalType": Field("`object` is written for new tables; no effect on rows"),
        "dataGranularityDescription": _KEPT,
        "context": _KEPT,
        "properties": Field("the columns, in this order", Kind.COLUMN),
    },
    Kind.COLUMN: {
        **_ELEMENT,
        "logicalType": Field("the type, see below"),
        "physicalType": Field(
            "the type, see below; the length of `varchar(40)` is a rule with severity warning"
        ),
        "logicalTypeOptions": Field("rules for values, see `logicalTypeOptions`", Kind.OPTIONS),
        "primaryKey": Field("the column is in the key: no null, and no combination repeats"),
        "primaryKeyPosition": Field("the order of the key"),
        "required": Field("no value is null"),
        "unique": Field("no value repeats"),
        "enum": Field("a value is one of the list, see `enum[]`", Kind.ENUM),
        "classification": Field("values that are classified as personal or secret are never shown"),
        "properties": Field(
            "the fields of an object; what they declare is checked inside the object", Kind.COLUMN
        ),
        "items": Field("the elements of an array; what it declares is checked for each", Kind.COLUMN),
        "map": Field(
            "the keys and values of a map, which is kept as JSON text; without it, they are not checked",
            Kind.MAP,
        ),
        **dict.fromkeys(("partitioned", "partitionKeyPosition", "encryptedName", "semanticType"), _KEPT),
        **dict.fromkeys(("transformSourceObjects", "transformLogic", "transformDescription"), _KEPT),
        **dict.fromkeys(("examples", "criticalDataElement"), _KEPT),
    },
    Kind.OPTIONS: {},
    Kind.MAP: {
        "key": Field("what each key must be", Kind.COLUMN),
        "value": Field("what each value must be", Kind.COLUMN),
    },
    Kind.ENUM: {
        **_ABOUT,
        "id": Field("no id may repeat beside another"),
        "value": Field("an allowed value; a null is always allowed"),
        "label": _KEPT,
    },
    Kind.QUALITY: {
        **_ABOUT,
        "id": Field("the last word of the rule's id, `orders.email.<id>`; no id may repeat beside another"),
        "name": Field("the last word of the rule's id if it has no `id`"),
        "description": Field("shown with the result; the text of a rule of type text"),
        "type": Field("`library` and `sql` are checked; `text` and `custom` are only reported"),
        "metric": Field("what is measured: a metric of the standard's library"),
        "rule": Field(
            "what version 3.0 calls `metric`; also its `nullCheck`, `duplicateCount`, `validValues`"
        ),
        "arguments": Field("of the metric", Kind.ARGUMENTS),
        **dict.fromkeys(
            (
                *("mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan"),
                *("mustBeLessOrEqualTo", "mustBeBetween", "mustNotBeBetween"),
            ),
            _OPERATOR,
        ),
        "unit": Field("`rows`, or `percent` of all rows; a query's number is compared as it is"),
        "severity": Field("`error` fails; `warning` and `info` never do"),
        "query": Field(
            "an SQL query that returns one number, evaluated by DuckDB without access to anything else"
        ),
        "engine": Field("named where a rule of type `custom` is reported"),
        "implementation": Field("must be there in a rule of type `custom`, which is not run"),
        **dict.fromkeys(("businessImpact", "dimension", "method", "schedule", "scheduler"), _KEPT),
        "customProperties": _CUSTOM,
    },
    Kind.ARGUMENTS: {
        "missingValues": Field("the values that count as missing"),
        "validValues": Field("the values that are valid"),
        "pattern": Field("a regular expression (ECMA-262) of valid texts"),
        "properties": Field("the columns whose values may not repeat together"),
    },
    Kind.RELATIONSHIP: {
        "id": Field("no id may repeat beside another"),
        "type": Field("must be `foreignKey`"),
        "from": Field("the columns that reference; at a table only"),
        "to": Field("the columns that they lead to"),
        "customProperties": _CUSTOM,
    },
    Kind.SERVICE_LEVEL: {
        "id": Field("no id may repeat beside another"),
        "property": Field(
            "`latency`, `frequency` and `retention` are read for refreshing and policies; others are not"
        ),
        "value": Field("how long"),
        "unit": Field("of the value: `d`, `h`, `min`, `y`, …"),
        "element": Field("the columns that it is about"),
        **dict.fromkeys(("schedule", "scheduler"), Field("read, and not run")),
        "valueExt": _KEPT,
        "driver": _KEPT,
        "description": _KEPT,
        "customProperties": _KEPT,
        "authoritativeDefinitions": _KEPT,
    },
    Kind.CUSTOM: {
        "property": Field("the name"),
        "value": Field("see below"),
        **dict.fromkeys(("id", "description", "vendor"), _KEPT),
    },
}
"""Every field that a version of the standard has, by what it is in."""

OWN_PROPERTIES: dict[Kind, tuple[str, ...]] = {
    Kind.CONTRACT: (VIEWS_PROPERTY,),
    Kind.TABLE: (INDEXES_PROPERTY, OPTIONS_PROPERTY, RULES_PROPERTY),
    Kind.COLUMN: (
        *(TYPE_PROPERTY, FORM_PROPERTY, LOOKS_PROPERTY, DEFAULT_PROPERTY, GENERATED_PROPERTY),
        *(IDENTITY_PROPERTY, COLLATION_PROPERTY, USER_TYPES_PROPERTY),
    ),
    Kind.QUALITY: (CONSTRAINT_PROPERTY,),
    Kind.RELATIONSHIP: (CONSTRAINT_PROPERTY, TARGET_PROPERTY),
}
"""The custom properties that tdmvc reads, by what has them."""
