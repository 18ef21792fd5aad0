"""How MySQL 8 writes what MariaDB writes otherwise in its catalog; its manual and its dumps are the source."""

import pyarrow as pa
import pytest

from tdmvc.databases.mysql.catalog.defaults import read_default
from tdmvc.databases.mysql.catalog.objects import without_schema
from tdmvc.databases.mysql.catalog.types import MysqlColumn, column_reading
from tdmvc.databases.mysql.names import without_escapes
from tdmvc.model.declarations import Default

DIALECT = "mysql"


@pytest.mark.parametrize(
    ("column", "type_", "expected"),
    [
        (MysqlColumn("c", "varchar(9)", "varchar", default="it's"), pa.string(), Default("it's")),
        (MysqlColumn("c", "varchar(9)", "varchar", default="NULL"), pa.string(), Default("NULL")),
        (MysqlColumn("c", "varchar(9)", "varchar", default="'x'"), pa.string(), Default("'x'")),
        (MysqlColumn("c", "int", "int", default="5"), pa.int32(), Default("5")),
        (MysqlColumn("c", "tinyint(1)", "tinyint", default="1"), pa.bool_(), Default("true")),
        (MysqlColumn("c", "bit(3)", "bit", 3, default="b'1'"), pa.string(), Default("001")),
        (
            MysqlColumn("c", "datetime", "datetime", default="CURRENT_TIMESTAMP", extra="default_generated"),
            pa.timestamp("us"),
            Default(expression="CURRENT_TIMESTAMP", dialect=DIALECT),
        ),
        (
            MysqlColumn(
                "c",
                "timestamp(6)",
                "timestamp",
                default="CURRENT_TIMESTAMP(6)",
                extra="default_generated on update current_timestamp(6)",
            ),
            pa.timestamp("us", "UTC"),
            Default(expression="CURRENT_TIMESTAMP(6) ON UPDATE current_timestamp(6)", dialect=DIALECT),
        ),
        (
            MysqlColumn("c", "char(36)", "char", default="uuid()", extra="default_generated"),
            pa.string(),
            Default(expression="uuid()", dialect=DIALECT),
        ),
        (
            MysqlColumn("c", "int", "int", generation="(`a` + 1)", extra="virtual generated"),
            pa.int32(),
            None,
        ),
    ],
)
def test_defaults(column: MysqlColumn, type_: pa.DataType, expected: Default | None) -> None:
    assert read_default(column, type_, is_mariadb=False) == expected


def test_expressions_lose_the_escapes_and_charsets_that_the_catalog_adds() -> None:
    written = r"(`a` in (_utf8mb4\'x\',_utf8mb4\'y\'))"
    assert without_escapes(written) == "(`a` in ('x','y'))"


@pytest.mark.parametrize(
    ("type_", "kind", "canonical", "physical"),
    [
        ("int unsigned", "int", pa.uint32(), "int unsigned"),
        ("bigint", "bigint", pa.int64(), "bigint"),
        ("int(5) unsigned zerofill", "int", pa.uint32(), "int(5) unsigned zerofill"),
        ("vector(3)", "vector", pa.binary(), "vector(3)"),
        ("geomcollection", "geomcollection", pa.string(), "geomcollection"),
    ],
)
def test_types(type_: str, kind: str, canonical: pa.DataType, physical: str) -> None:
    column = MysqlColumn("c", type_, kind)
    assert (column_reading(column).type, column.physical_type) == (canonical, physical)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select `d`.`t`.`a` AS `a` from `d`.`t`", "select `t`.`a` AS `a` from `t`"),
        ("select `d`.`d`.`d` AS `d` from `d`.`d`", "select `d`.`d` AS `d` from `d`"),
        ("select 1 from (`d`.`t` join `d`.`u`)", "select 1 from (`t` join `u`)"),
        ("select `x`.`d` AS `d` from `d`.`t` `x`", "select `x`.`d` AS `d` from `t` `x`"),
        ("select '`d`.`t`' AS `s`", "select '`d`.`t`' AS `s`"),
        # An alias called as the database cannot be told from it.
        ("select `d`.`a` AS `a` from `d`.`t` `d`", ""),
    ],
)
def test_views_lose_the_name_of_the_database(query: str, expected: str) -> None:
    assert without_schema(query, "d") == expected
