"""Where ALTER TABLE of MySQL leaves columns: the rows of a load are in this order."""

import pytest

from tdmvc.errors import ConfigError
from tests.contracts.ddl.catalogs import read_script

MADE = "CREATE TABLE t (a int PRIMARY KEY, b int, c int);"


@pytest.mark.parametrize(
    ("action", "order"),
    [
        ("MODIFY a bigint", "a b c"),
        ("MODIFY COLUMN b bigint NOT NULL", "a b c"),
        ("CHANGE a d int", "d b c"),
        ("CHANGE b B bigint", "a B c"),
        ("MODIFY c int FIRST", "c a b"),
        ("MODIFY a int AFTER c", "b c a"),
        ("CHANGE `c` `d` int COMMENT 'x' AFTER `a`", "a d b"),
        ("ADD COLUMN x int AFTER A, ADD y int FIRST", "y a x b c"),
        ("ADD (x int, y int)", "a b c x y"),
    ],
)
def test_a_changed_column_is_where_the_server_has_it(action: str, order: str) -> None:
    found = read_script(f"{MADE} ALTER TABLE t {action};", "mysql")
    assert list(found.contract.tables["t"].column_names) == order.split()
    assert found.contract.tables["t"].key == ("d" if "CHANGE a" in action else "a",)
    assert found.notes == ()


@pytest.mark.parametrize(
    "action",
    [
        "MODIFY c int AFTER x",
        "ADD x int AFTER y",
        "CHANGE a b int",
        "MODIFY c int AFTER c",
        "ADD x int AFTER x",
    ],
)
def test_a_place_or_a_name_that_cannot_be_is_an_error_with_its_line(action: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_script(f"{MADE}\nALTER TABLE t {action};", "mysql")
    assert refused.value.line == 2
