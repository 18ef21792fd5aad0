"""`sql` reads the dataset's tables, and reaches no file, network, extension, setting or variable."""

from pathlib import Path

import pytest

from tdmvc.actions.query import query
from tdmvc.errors import PartError, UsageError
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import ORDERS, add_csv

WRITES = [
    "copy orders to '{file}'",
    "copy orders to '{file}' (format csv)",
    "attach '{file}'",
    "attach 'host=localhost' as pg (type postgres)",
    "export database '{folder}'",
    "import database '{folder}'",
    "install httpfs",
    "force install httpfs from community",
    "load httpfs",
    "load '{file}'",
    "update extensions",
    "set memory_limit = '64GB'",
    "set enable_external_access = true",
    "set variable x = 1",
    "reset temp_directory",
    "pragma enable_profiling",
    "pragma database_list",
    "call pragma_version()",
    "create secret (type s3)",
    "create table x as select 1",
    "create or replace view golden.orders as select 1",
    "create macro f() as 1",
    "drop view golden.orders",
    "delete from golden.orders",
    "prepare v as select 1",
    "begin",
    "use memory",
    "vacuum",
]
READS = [
    "from read_csv('{file}')",
    "from read_text('{file}')",
    "from read_blob('{file}')",
    "from read_json('{file}')",
    "from read_parquet('{file}')",
    "from parquet_metadata('{file}')",
    "from sniff_csv('{file}')",
    "from glob('{folder}/*')",
    "from '{file}'",
    "from '{folder}/*.parquet'",
    "from 'https://example.com/rows.csv'",
    "from 's3://bucket/rows.parquet'",
    "from query('from ''{file}''')",
    "from query_table('{file}')",
    "with x as (copy golden.orders to '{file}') from x",
    "with x as (copy golden.orders to '{file}' (use_tmp_file false)) select 1",
    "explain analyze copy golden.orders to '{file}'",
    "select getenv('HOME')",
    "from duckdb_secrets()",
    "from workspace",
    "from sides",
]


def test_a_statement_that_does_not_only_read_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "file.db"
    for text in WRITES:
        with pytest.raises(UsageError, match=r"--allow-files|`tdmvc add`"):
            query(workspace, text.format(file=file, folder=tmp_path))
        assert not file.exists(), text


def test_a_query_reaches_nothing_but_the_tables(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "file.parquet"
    file.write_text("secret-canary")
    for text in READS:
        with pytest.raises(UsageError) as caught:
            query(workspace, text.format(file=file, folder=tmp_path))
        assert "secret-canary" not in str(caught.value), text
        assert file.read_text() == "secret-canary", text


def test_several_statements_are_no_query(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="This is 2 statements"):
        query(workspace, "select 1; select 2")
    with pytest.raises(UsageError, match="This is 0 statements"):
        query(workspace, " -- nothing")


def test_every_form_of_a_query_reads(workspace: Workspace) -> None:
    counts = {
        "from orders": 3,
        "with paid as (from orders where status = 'paid') select count(*) from paid": 1,
        "describe golden.orders": 3,
        "summarize orders": 3,
        "pivot orders on status using count(*)": 3,
        "explain select 1": 1,
        "values (1), (2)": 2,
        "select 1;": 1,
    }
    assert {text: len(query(workspace, text).rows) for text in counts} == counts


def test_a_query_spills_to_disk_beyond_the_memory_limit(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDMVC_MEMORY", "100MB")
    text = "select count(*) from (select distinct i::varchar || repeat('x', 40) as s, i from range(1500000) t(i))"
    assert query(workspace, text).rows == ((1_500_000,),)


def test_a_trusted_query_reads_files(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("id\n10\n11\n")
    text = f"select count(*) from orders join '{file}' using (id)"
    with pytest.raises(UsageError, match="--allow-files"):
        query(workspace, f"select count(*) from read_csv('{file}')")
    assert query(workspace, text, allow_files=True).rows == ((2,),)
    query(workspace, f"copy orders to '{tmp_path}/out.csv'", allow_files=True)
    assert (tmp_path / "out.csv").read_text().startswith("id,")


def test_edits_and_versions_are_read_without_access_to_files(workspace: Workspace) -> None:
    add_csv(workspace, "orders", ORDERS + "13,1,open\n")
    assert query(workspace, "select count(*) from golden.orders").rows == ((4,),)
    assert query(workspace, "select count(*) from orders", at="golden@1.0.0").rows == ((3,),)


def test_a_damaged_part_is_named(workspace: Workspace) -> None:
    (part,) = (workspace.working_copy("golden") / "orders").glob("*.parquet")
    data = part.read_bytes()
    for path in [part, *(workspace.root / ".dvc" / "cache").rglob("*")]:
        if path.is_file() and path.read_bytes() == data:
            path.chmod(0o644)
            path.write_bytes(data[: len(data) // 2])
    with pytest.raises((PartError, UsageError)) as caught:
        query(workspace, "select * from orders", at="golden@HEAD")
    assert "orders" in str(caught.value)
