"""Reads a database, or loads one, in the way that its first argument names; each is a process that is timed as a whole.

Run as `python database_readers.py tdmvc|psycopg URL TABLE` or `python database_readers.py pandas FOLDER URL`.
"""

import sys
from decimal import Decimal
from pathlib import Path


def read_with_tdmvc(url: str, table: str) -> int:
    """Read a table as Arrow batches."""
    from tdmvc.databases import open_snapshot
    from tdmvc.model.location import parse_location
    from tdmvc.sql.duckdb import connect

    con = connect()
    with open_snapshot(parse_location(url), lambda: con) as snapshot:
        [source] = snapshot.read_tables([table])
        return sum(batch.num_rows for batch in source.scan.open())


def read_with_psycopg(url: str, table: str) -> int:
    """Read a table as Python rows, with a cursor on the server."""
    import psycopg

    count = 0
    with psycopg.connect(url) as connection, connection.cursor("bench") as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        while rows := cursor.fetchmany(10_000):
            count += len(rows)
    return count


def load_with_pandas(folder: str, target: str) -> int:
    """Load all tables of a dataset into a database, as people do who have pandas."""
    import pandas as pd
    from sqlalchemy import Numeric, create_engine

    count = 0
    with create_engine(target.replace("postgresql://", "postgresql+psycopg://")).begin() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")
        for table in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
            frame = pd.read_parquet(table)
            # Without it, SQLAlchemy takes decimals for texts.
            types = {name: Numeric() for name in frame if isinstance(frame[name].dropna().iloc[0], Decimal)}
            frame.to_sql(table.name, connection, if_exists="append", index=False, dtype=types)
            count += len(frame)
    return count


if __name__ == "__main__":
    how, first, second = sys.argv[1:]
    verbs = {"tdmvc": read_with_tdmvc, "psycopg": read_with_psycopg, "pandas": load_with_pandas}
    print(verbs[how](first, second))
