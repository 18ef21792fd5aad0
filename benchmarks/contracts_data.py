"""The shop that validation is measured with: orders of customers, 11 columns, and a contract of 20 rules."""

import sys
from pathlib import Path

from benchmarks.processes import run

RULES = 20
CUSTOMERS, ORDERS = "customers", "orders"
_ROWS_OF_A_CUSTOMER = 10

CONTRACT = r"""apiVersion: v3.1.0
kind: DataContract
id: bench
name: bench
version: 1.0.0
status: active
servers:
  - {server: local, type: local, path: './{model}.parquet', format: parquet}
schema:
  - name: customers
    physicalType: table
    logicalType: object
    properties:
      - {name: id, logicalType: integer, physicalType: bigint}
      - {name: name, logicalType: string, physicalType: varchar}
  - name: orders
    physicalType: table
    logicalType: object
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, required: true, logicalTypeOptions: {minimum: 1}}
      - {name: customer_id, logicalType: integer, physicalType: bigint, required: true,
         relationships: [{type: foreignKey, to: customers.id}]}
      - {name: code, logicalType: string, physicalType: varchar, required: true, unique: true,
         logicalTypeOptions: {pattern: '^ORD-[0-9]{9}$', maxLength: 13}}
      - {name: status, logicalType: string, physicalType: varchar, required: true,
         quality: [{metric: invalidValues, arguments: {validValues: [new, paid, shipped, returned]}, mustBe: 0}]}
      - {name: email, logicalType: string, physicalType: varchar,
         logicalTypeOptions: {pattern: '^[a-z]+\.[0-9]+@[a-z]+\.example$', maxLength: 40}}
      - {name: quantity, logicalType: integer, physicalType: integer, required: true,
         logicalTypeOptions: {minimum: 1, maximum: 1000}}
      - {name: price, logicalType: number, physicalType: 'decimal(10,2)', logicalTypeOptions: {minimum: 0}}
      - {name: total, logicalType: number, physicalType: 'decimal(12,2)', required: true,
         logicalTypeOptions: {minimum: 0}}
      - {name: placed_on, logicalType: date, physicalType: date, required: true}
      - {name: shipped_on, logicalType: date, physicalType: date}
      - {name: note, logicalType: string, physicalType: varchar}
    quality:
      - {id: shipped_later, type: sql, mustBe: 0,
         query: 'SELECT COUNT(*) FROM {object} WHERE NOT (shipped_on >= placed_on)'}
      - {id: total_is_product, type: sql, mustBe: 0,
         query: 'SELECT COUNT(*) FROM {object} WHERE NOT (total = quantity * price)'}
"""
"""Eighteen rules about single rows, a unique column whose values are in no order, and a reference.

The server is for datacontract-cli, which finds the rows there.
"""

_WRITE_BY_DUCKDB = """
import sys, duckdb
folder, rows, people = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
duckdb.sql("SET enable_progress_bar = false")
to = "(FORMAT parquet, COMPRESSION zstd)"
duckdb.sql(f"COPY (SELECT n AS id, 'Customer ' || n AS name FROM range(1, {people} + 1) t(n))"
           f" TO '{folder}/customers.parquet' {to}")
duckdb.sql(f'''COPY (
    SELECT id, customer_id, code, status, email, quantity, price, CAST(quantity * price AS DECIMAL(12,2)) AS total,
        placed_on, CASE WHEN hash(id, 6) % 5 > 0 THEN placed_on + (hash(id, 7) % 10)::INT END AS shipped_on,
        CASE WHEN hash(id, 8) % 4 = 0 THEN 'Note ' || (hash(id, 9) % 1000) END AS note
    FROM (SELECT n AS id, CAST(hash(n) % {people} + 1 AS BIGINT) AS customer_id,
            format('ORD-{{:09d}}', (n * 7919001 + 13) % 1000000000) AS code,
            ['new', 'paid', 'shipped', 'returned'][1 + (hash(n, 1) % 4)::INT] AS status,
            ['ann', 'bob', 'eve', 'joe', 'kim', 'lea', 'max', 'zoe'][1 + (hash(n, 2) % 8)::INT]
                || '.' || (hash(n, 3) % {people}) || '@shop.example' AS email,
            CAST(hash(n, 4) % 20 + 1 AS INTEGER) AS quantity,
            CAST((hash(n, 5) % 50000) / 100.0 AS DECIMAL(10,2)) AS price,
            DATE '2020-01-01' + (n * 2000 // {rows})::INT AS placed_on
        FROM range(1, {rows} + 1) t(n))) TO '{folder}/orders.parquet' {to}''')
"""

_EDIT_BY_DUCKDB = """
import sys, duckdb
source, target, first, last, has_new_codes = sys.argv[1:]
duckdb.sql("SET enable_progress_bar = false")
is_changed = f"id BETWEEN {first} AND {last}"
has_new_code = is_changed if has_new_codes == "True" else "false"
duckdb.sql(f'''COPY (SELECT * REPLACE (
        CASE WHEN {is_changed} THEN quantity + 1 ELSE quantity END AS quantity,
        CASE WHEN {is_changed} THEN CAST((quantity + 1) * price AS DECIMAL(12,2)) ELSE total END AS total,
        CASE WHEN {is_changed} THEN customer_id % 1000 + 1 ELSE customer_id END AS customer_id,
        -- No other row has these: the factor takes each number below 10^9 once.
        CASE WHEN {has_new_code} THEN format('ORD-{{:09d}}', ((id + 500000000) * 7919001 + 13) % 1000000000)
             ELSE code END AS code)
    FROM read_parquet('{source}')) TO '{target}' (FORMAT parquet, COMPRESSION zstd)''')
"""


def write_shop(folder: Path, rows: int) -> None:
    """Write both tables as Parquet, and the contract that all their rows keep, into an empty folder."""
    people = max(rows // _ROWS_OF_A_CUSTOMER, 1)
    run(folder, sys.executable, "-c", _WRITE_BY_DUCKDB, str(folder), str(rows), str(people))
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")


def write_edited(folder: Path, target: Path, *, rows: int, edited: int, has_new_codes: bool) -> None:
    """Write the orders with neighbouring rows edited: numbers and reference, and if wanted the unique value."""
    first = rows // 2
    ends = (str(first), str(first + edited - 1))
    words = (str(folder / f"{ORDERS}.parquet"), str(target), *ends, str(has_new_codes))
    run(folder, sys.executable, "-c", _EDIT_BY_DUCKDB, *words)
