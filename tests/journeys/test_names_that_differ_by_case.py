"""Tables whose names differ only by case live in folders that no file system folds together."""


def test_each_table_keeps_its_own_rows_through_add_checkout_and_status(tdmvc, repo, tmp_path):
    names = ["orders", "Orders", "ORDERS"]
    for number, name in enumerate(names):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"id\n{number}\n")
        tdmvc("add", "golden", path, "--table", name, "--key", f"{name}=id")
    tdmvc("publish", "golden", "1.0.0")
    folders = [p.name for p in (repo / "datasets/golden").iterdir() if p.is_dir() and p.name != "versions"]
    assert len({folder.casefold() for folder in folders}) == 3

    status = tdmvc("status", "--format", "json").json["datasets"][0]
    assert {table["name"]: table["work"] for table in status["tables"]} == dict.fromkeys(names, "clean")
    for number, name in enumerate(names):
        shown = tdmvc("show", "golden@1.0.0", "--format", "json").json
        assert name in {table["name"] for table in shown["tables"]}
        path = tmp_path / f"{number}.csv"
        path.write_text(f"id\n{number + 10}\n")
        tdmvc("add", "golden", path, "--table", name)
    tdmvc("checkout", "golden@1.0.0")
    assert tdmvc("diff", "golden@1.0.0", "golden", "--exit-code").code == 0


def test_a_version_is_checked_out_into_an_empty_working_copy(tdmvc, repo, tmp_path):
    for number, name in enumerate(["orders", "Orders"]):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"id\n{number}\n")
        tdmvc("add", "golden", path, "--table", name)
    tdmvc("publish", "golden", "1.0.0")
    (tmp_path / "x.csv").write_text("a\n1\n")
    tdmvc("add", "golden", tmp_path / "x.csv", "--replace")
    tdmvc("checkout", "golden@1.0.0")
    assert tdmvc("verify").code == 0
    status = tdmvc("status", "--format", "json").json["datasets"][0]
    assert {t["name"]: t["work"] for t in status["tables"]} == {"orders": "clean", "Orders": "clean"}
    requested = tdmvc("sql", "select (select id from orders_2), (select id from orders)", "--format", "json")
    assert sorted(requested.json["rows"][0]) == [0, 1]
    assert "orders_2" in requested.err


def test_a_finding_is_annotated_on_the_pointer_of_the_tables_own_folder(tdmvc, repo, tmp_path):
    for name in ("orders", "Orders"):
        path = tmp_path / f"{name}.csv"
        path.write_text("id,email\n1,ada@example.test\n")
        tdmvc("add", "golden", path, "--table", name, "--key", f"{name}=id")
    found = tdmvc("review", "HEAD", "--format", "codequality", code=None).json
    paths = {entry["location"]["path"] for entry in found}
    assert paths == {f"datasets/golden/{path.name}" for path in (repo / "datasets/golden").glob("*.dvc")}
