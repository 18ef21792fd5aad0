"""The programs that the demo writes and runs, as their texts by name."""

from typing import Final

PROGRAMS: Final = {
    "edit.py": """\
import duckdb, pathlib, shutil
payments = pathlib.Path('datasets/golden/payments')
rows = "SELECT * REPLACE (CASE id WHEN 3002 THEN 52.00 ELSE amount END AS amount) "
rows += f"FROM '{payments}/*.parquet'"
duckdb.sql(rows).write_parquet('edited.parquet')
shutil.rmtree(payments)
payments.mkdir()
shutil.move('edited.parquet', payments / 'edited.parquet')
""",
    "pay.py": """\
import os
import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    (status,) = database.execute("SELECT status FROM orders WHERE id = 1002").fetchone()
    (attempts,) = database.execute("SELECT count(*) FROM payments WHERE order_id = 1002").fetchone()
    print(f"order 1002 is {status} after {attempts} failed payments")
    database.execute("UPDATE orders SET status = 'paid' WHERE id = 1002")
    database.execute(
        "INSERT INTO payments (id, order_id, attempt, method, status, amount, created_at)"
        " VALUES (9001, 1002, 4, 'card', 'succeeded', 61.50, now())"
    )
print("order 1002 is paid")
""",
    "reset.py": """\
import psycopg
import tdmvc

WRITES = {
    "one order is paid": "UPDATE orders SET status = 'paid' WHERE id = 1002",
    "all payments are deleted": "DELETE FROM payments",
    "nothing": "SELECT 1",
    "a table is truncated": "TRUNCATE renewals",
    "a column is dropped": "ALTER TABLE customers DROP COLUMN locale",
    "a table is dropped": "DROP TABLE renewals",
}
STATE = "SELECT (SELECT count(*) FROM payments), (SELECT sum(length(locale)) FROM customers)"


def run(url, statement):
    with psycopg.connect(url) as database:
        found = database.execute(statement)
        return found.fetchone() if found.description else None


with tdmvc.open(".").environment() as environment:
    seeded = run(environment.url, STATE)
    for what, statement in WRITES.items():
        run(environment.url, statement)
        report = environment.reset()
        assert run(environment.url, STATE) == seeded
        print(f"{what:<26}{report.method.value:<9}{report.seconds * 1000:6.1f} ms")
""",
}
