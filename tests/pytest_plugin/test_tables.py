"""Which tables a statement names, whatever else is in its text."""

import pytest

from tdmvc.pytest_plugin.tables import touched_tables

CASES = {
    "SELECT * FROM orders o, customers AS c WHERE c.name = 'from flags'": ("customers orders", ""),
    "select 1 from a left join b on a.x = b.x where exists (select 1 from c)": ("a b c", ""),
    'SELECT 1 FROM "shop"."Orders" -- from flags\n JOIN `lines` ON /* from x */ true': ("lines orders", ""),
    "WITH paid AS (SELECT 1 FROM orders) SELECT * FROM paid JOIN customers ON true": ("customers orders", ""),
    "WITH gone AS (DELETE FROM old RETURNING id) INSERT INTO log SELECT id FROM gone": ("", "log old"),
    "INSERT INTO shop.orders (id) SELECT id FROM customers": ("customers", "orders"),
    "INSERT OR REPLACE INTO flags VALUES (1) ON CONFLICT DO UPDATE SET x = 1": ("", "flags"),
    "UPDATE ONLY orders SET status = 'new' FROM customers": ("customers", "orders"),
    "DELETE FROM orders USING customers WHERE true": ("customers", "orders"),
    "TRUNCATE TABLE orders, customers CASCADE": ("", "customers orders"),
    "MERGE INTO orders USING customers ON true": ("customers", "orders"),
    "COPY orders (id, status) FROM STDIN": ("", "orders"),
    "COPY orders TO STDOUT": ("orders", ""),
    "ALTER TABLE IF EXISTS orders ADD COLUMN more int": ("", "orders"),
    "SELECT 1 FROM orders FOR UPDATE OF orders": ("orders", ""),
    "SELECT $$ from flags $$ FROM orders": ("orders", ""),
    "SAVEPOINT one": ("", ""),
    "SELECT 1": ("", ""),
}


@pytest.mark.parametrize("statement", CASES)
def test_a_statement_names_its_tables(statement: str) -> None:
    found = touched_tables(statement)
    assert (" ".join(sorted(found.read)), " ".join(sorted(found.written))) == CASES[statement]
