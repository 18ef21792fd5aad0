"""How many rows the validators of Python check in a second of the processor.

Run as `PYTHON benchmarks/contracts_peers.py VALIDATOR PARQUET ROWS` by an interpreter that has the validator. Reading
and converting the rows is not timed. References and unique values are left out: none of the three follows them in
this form.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq

_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "customer_id", "code", "status", "quantity", "total", "placed_on"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "customer_id": {"type": "integer"},
        "code": {"type": "string", "pattern": "^ORD-[0-9]{9}$", "maxLength": 13},
        "status": {"enum": ["new", "paid", "shipped", "returned"]},
        "email": {"type": "string", "pattern": r"^[a-z]+\.[0-9]+@[a-z]+\.example$", "maxLength": 40},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1000},
        "price": {"type": "number", "minimum": 0},
        "total": {"type": "number", "minimum": 0},
        "placed_on": {"type": "string"},
        "shipped_on": {"type": "string"},
        "note": {"type": "string"},
    },
}


def main() -> None:
    """Print the rows, and the processor's seconds that their validation takes, as JSON."""
    validator, path, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    table = next(pq.ParquetFile(path).iter_batches(rows))
    check = {"jsonschema": _jsonschema, "jsonschema-rs": _jsonschema_rs, "pandera": _pandera}[validator](
        table
    )
    started = time.process_time()
    broken = check()
    seconds = time.process_time() - started
    if broken:
        raise SystemExit(f"{validator} finds {broken} broken rows, and there are none")
    print(json.dumps({"rows": table.num_rows, "seconds": seconds}))


def _jsonschema(table: Any) -> Callable[[], int]:
    import jsonschema

    validator, rows = jsonschema.Draft202012Validator(_SCHEMA), _objects(table)
    return lambda: sum(not validator.is_valid(row) for row in rows)


def _jsonschema_rs(table: Any) -> Callable[[], int]:
    import jsonschema_rs

    validator, rows = jsonschema_rs.Draft202012Validator(_SCHEMA), _objects(table)
    return lambda: sum(not validator.is_valid(row) for row in rows)


def _objects(table: Any) -> list[dict[str, object]]:
    """Return rows as JSON has them: decimals as numbers, dates as texts, nulls as absent properties."""
    plain = (int, float, str)
    return [
        {
            name: value if isinstance(value, plain) else str(value) if name.endswith("_on") else float(value)
            for name, value in row.items()
            if value is not None
        }
        for row in table.to_pylist()
    ]


def _pandera(table: Any) -> Callable[[], int]:
    import pandera.pandas as pa

    check = pa.Check
    schema = pa.DataFrameSchema(
        {
            "id": pa.Column(checks=check.ge(1)),
            "customer_id": pa.Column(),
            "code": pa.Column(checks=[check.str_matches("^ORD-[0-9]{9}$"), check.str_length(max_value=13)]),
            "status": pa.Column(checks=check.isin(["new", "paid", "shipped", "returned"])),
            "email": pa.Column(
                checks=[
                    check.str_matches(r"^[a-z]+\.[0-9]+@[a-z]+\.example$"),
                    check.str_length(max_value=40),
                ],
                nullable=True,
            ),
            "quantity": pa.Column(checks=check.in_range(1, 1000)),
            "price": pa.Column(checks=check.ge(0), nullable=True),
            "total": pa.Column(checks=check.ge(0)),
            "placed_on": pa.Column(),
            "shipped_on": pa.Column(nullable=True),
            "note": pa.Column(nullable=True),
        },
        checks=[
            check(lambda rows: rows["shipped_on"].isna() | (rows["shipped_on"] >= rows["placed_on"])),
            check(lambda rows: (rows["total"] - rows["quantity"] * rows["price"]).abs() < 0.001),
        ],
    )
    frame = table.to_pandas()
    frame = frame.astype({"price": "float64", "total": "float64"})
    for name in ("placed_on", "shipped_on"):
        frame[name] = frame[name].astype("datetime64[s]")

    def validate() -> int:
        schema.validate(frame, lazy=True)
        return 0

    return validate


if __name__ == "__main__":
    main()
