"""Whatever a contract holds, it is read, or an error names its line; a wrong rule leaves the tables readable."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tdmvc.contracts.base import ImportOptions
from tdmvc.contracts.odcs.format import OdcsReader
from tdmvc.contracts.odcs.reading import parse_contract
from tdmvc.errors import ConfigError
from tests.contracts.odcs.standard import CASES
from tests.series import trials
from tests.yaml_files import read_yaml

_SHOP: dict[str, Any] = read_yaml(CASES / "shop.yaml")
_WORDS = st.sampled_from(
    [
        *(
            "quality",
            "metric",
            "type",
            "sql",
            "text",
            "custom",
            "nullValues",
            "mustBe",
            "mustBeBetween",
            "arguments",
        ),
        *(
            "validValues",
            "pattern",
            "(",
            "properties",
            "items",
            "map",
            "key",
            "value",
            "id",
            "unit",
            "percent",
            "enum",
        ),
        *(
            "logicalTypeOptions",
            "minimum",
            "format",
            "relationships",
            "to",
            "from",
            "orders.tenant",
            "severity",
            "#",
        ),
        *(
            "query",
            "{object}",
            "SELECT {x} FROM {object}",
            "2026-01-01",
            "1e400",
            "-1",
            ".inf",
            "slaProperties",
        ),
    ]
)
_SCALARS = _WORDS | st.integers(-2, 3) | st.booleans() | st.none() | st.floats(allow_nan=True)
_ANY = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_BELOW_RULES = frozenset({"quality", "slaProperties", "enum"})


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(one for key, value in entries for one in _paths(value, (*path, key)))]


_PATHS = [path for path in _paths(_SHOP) if path]


def _changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = _changed(node[path[0]], path[1:], value)
    return copy


def _text(path: tuple[Any, ...], value: Any) -> str:
    return yaml.safe_dump(_changed(_SHOP, path, value), sort_keys=False, allow_unicode=True)


def _error_of(text: str) -> ConfigError | None:
    try:
        OdcsReader().read(text, "contract.yaml", ImportOptions())
    except ConfigError as error:
        return error
    return None


@given(st.sampled_from(_PATHS), _ANY)
@settings(max_examples=trials(3000, 60), deadline=None)
def test_any_value_is_read_or_is_an_error_with_its_line(path: tuple[Any, ...], value: Any) -> None:
    error = _error_of(_text(path, value))
    assert error is None or (error.path == "contract.yaml" and error.line is not None)


@given(st.sampled_from([path for path in _PATHS if _BELOW_RULES & set(path)]), _ANY)
@settings(max_examples=trials(3000, 60), deadline=None)
def test_a_wrong_rule_of_a_column_never_makes_the_tables_unreadable(
    path: tuple[Any, ...], value: Any
) -> None:
    if path[2:3] == ("quality",):
        return  # a table's own quality holds its unique keys
    tables = parse_contract(_text(path, value), "contract.yaml").tables
    assert list(tables) == ["customers", "orders", "order_lines"]


@pytest.mark.parametrize(
    "text", ["[]", "x", "- a", "schema: {}", "schema: [1]", "schema: [{name: t, quality: {}}]"]
)
def test_what_is_no_contract_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_contract(text, "contract.yaml")
    assert caught.value.line == 1
