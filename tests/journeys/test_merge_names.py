"""Branches that give two columns one name, or drop what the other edits: nothing is lost, all can be resolved."""

import subprocess
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest

from tests.builders import Shop, copy_repo, git, quiet_shop
from tests.series import sample_of

NUMBERS = range(1, 7)
SIDES = ("--ours", "--theirs", "--base")


@pytest.fixture(scope="module")
def shop_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one table, goods."""
    app = copy_repo(template, tmp_path_factory.mktemp("goods") / "app")
    shop = quiet_shop(app)
    take_in(shop, "goods", ("id", "code", "size"), [(n, f"c{n}", f"s{n}") for n in NUMBERS])
    shop.commit_all("Goods")
    return app


def take_in(shop: Shop, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    source = shop.app.parent / f"{table}.csv"
    lines = [",".join(map(str, row)) for row in (columns, *rows)]
    source.write_text("\n".join(lines) + "\n")
    shop.tdmvc("add", "golden", source, "--key", f"{table}=id")


def both(shop: Shop, ours: tuple[Sequence[str], Sequence[Sequence[object]]], theirs: object) -> None:
    """Take in the goods in another form on each branch."""
    shop.branch("feature")
    take_in(shop, "goods", *theirs)  # type: ignore[misc]
    shop.commit_all("Feature")
    shop.switch("main")
    take_in(shop, "goods", *ours)
    shop.commit_all("Main")


def goods(shop: Shop) -> dict[str, list[object]]:
    """Return the committed goods by column; contract.yaml has just these columns."""
    found = shop.tdmvc(
        "sql", "select * from goods order by id", "--at", "golden@HEAD", "--format", "json"
    ).json
    names = [column["name"] if isinstance(column, dict) else column for column in found["columns"]]
    shown = shop.tdmvc("check").out
    assert "do not match" not in shown
    contract = (shop.app / "datasets/golden/contract.yaml").read_text()
    for name in names:
        assert contract.count(f"name: {name}\n") == 1, contract
    assert contract.count("logicalType: ") == contract.count("logicalType: object") + len(names), contract
    return {name: [row[place] for row in found["rows"]] for place, name in enumerate(names)}


def added(name: str, value: str) -> tuple[Sequence[str], list[Sequence[object]]]:
    return ("id", "code", "size", name), [(n, f"c{n}", f"s{n}", value if n % 2 else "") for n in NUMBERS]


@pytest.mark.parametrize("side", SIDES[:2])
def test_columns_whose_names_differ_by_case_are_one_column_and_a_person_names_it(
    shop: Shop, side: str
) -> None:
    theirs = ("id", "code", "size", "label"), [(n, f"c{n}", f"s{n}", "" if n % 2 else "t") for n in NUMBERS]
    both(shop, added("Label", "o"), theirs)
    shop.tdmvc("merge", "feature", code=4)
    assert "one name" in shop.tdmvc("resolve", code=4).out
    shop.tdmvc("resolve", "golden", "goods", side)
    shop.tdmvc("merge", "--continue")
    found = goods(shop)
    name = "Label" if side == "--ours" else "label"
    assert list(found) == ["id", "code", "size", name]
    assert found[name] == ["o", "t"] * 3
    assert shop.status == ""


def renamed(*names: str) -> tuple[Sequence[str], list[Sequence[object]]]:
    return ("id", *names), [(n, f"c{n}", f"s{n}") for n in NUMBERS]


@pytest.mark.parametrize("side", SIDES)
def test_two_columns_that_would_be_called_label_can_be_settled(shop: Shop, side: str) -> None:
    both(shop, renamed("label", "size"), renamed("code", "label"))
    shop.tdmvc("merge", "feature", code=4)
    assert "two columns" in shop.tdmvc("resolve", code=4).out
    shop.tdmvc("resolve", "golden", "goods", side, "--column", "label")
    shop.tdmvc("merge", "--continue")
    found = goods(shop)
    expected = {"--ours": ["label", "size"], "--theirs": ["code", "label"], "--base": ["code", "size"]}
    assert sorted(found) == sorted(["id", *expected[side]])
    assert found[expected[side][0]] == [f"c{n}" for n in NUMBERS]
    assert found[expected[side][1]] == [f"s{n}" for n in NUMBERS]


@pytest.mark.parametrize(("side", "is_mirrored"), sample_of(product(SIDES, [False, True])))
def test_the_contract_has_the_columns_of_the_rows_after_one_side_dropped_what_the_other_edited(
    shop: Shop, side: str, *, is_mirrored: bool
) -> None:
    edited = ("id", "code", "size"), [(n, f"c{n}", "edited") for n in NUMBERS]
    dropped = ("id", "code"), [(n, f"c{n}") for n in NUMBERS]
    both(shop, *((dropped, edited) if is_mirrored else (edited, dropped)))
    shop.tdmvc("merge", "feature", code=4)
    shop.tdmvc("resolve", "golden", "goods", side)
    shop.tdmvc("merge", "--continue")
    found = goods(shop)
    has_dropped = side == ("--ours" if is_mirrored else "--theirs")
    assert list(found) == (["id", "code"] if has_dropped else ["id", "code", "size"])
    if not has_dropped and side != "--base":
        assert found["size"] == ["edited"] * 6


def test_a_contract_that_lacks_a_column_of_the_rows_stops_the_merge(shop: Shop) -> None:
    edited = ("id", "code", "size"), [(n, f"c{n}", "edited") for n in NUMBERS]
    both(shop, edited, (("id", "code"), [(n, f"c{n}") for n in NUMBERS]))
    shop.tdmvc("merge", "feature", code=4)
    shop.tdmvc("resolve", "golden", "goods", "--ours")
    contract = shop.app / "datasets/golden/contract.yaml"
    text = contract.read_text()
    git(shop.app, "checkout", "-q", "feature", "--", "datasets/golden/contract.yaml")
    stopped = shop.tdmvc("merge", "--continue", code=4)
    assert "the contract has no column size" in " ".join(stopped.out.split())
    contract.write_text(text)
    shop.tdmvc("merge", "--continue")
    assert "size" in goods(shop)


def test_tables_whose_names_differ_by_case_are_both_kept_and_reported(shop: Shop) -> None:
    shop.branch("feature")
    take_in(shop, "prices", ("id", "price"), [(1, 5)])
    shop.commit_all("Feature")
    shop.switch("main")
    take_in(shop, "Prices", ("id", "price"), [(2, 6)])
    shop.commit_all("Main")
    stopped = shop.tdmvc("merge", "feature", code=4)
    assert "one name in SQL" in " ".join(stopped.out.split())
    shop.tdmvc("merge", "--continue", "--allow-broken")
    shown = shop.tdmvc("show", "golden@HEAD", "--format", "json").json
    assert {"prices", "Prices"} <= {table["name"] for table in shown["tables"]}
    # Git merges two such tables without a word.
    (found,) = shop.tdmvc("check", "--format", "json").json["findings"]
    assert (found["rule"], found["severity"]) == ("names-differ-by-case", "warning")


def rename_table(shop: Shop, name: str, rows: Sequence[Sequence[object]]) -> None:
    folder = shop.app / "datasets/golden"
    source = shop.app.parent / "renamed"
    source.mkdir(exist_ok=True)
    for old in source.glob("*"):
        old.unlink()
    lines = [",".join(map(str, row)) for row in (("id", "code", "size"), *rows)]
    (source / f"{name}.csv").write_text("\n".join(lines) + "\n")
    shop.tdmvc("add", "golden", source, "--key", f"{name}=id", "--replace")
    assert len(list(folder.glob("*.dvc"))) == 1


@pytest.mark.parametrize(
    ("program", "edited"),
    sample_of(product(["tdmvc", "git"], [("items", "articles"), ("items",), ("articles",), ()])),
)
def test_a_table_that_both_sides_rename_differently_merges_without_markers(
    shop: Shop, program: str, edited: tuple[str, ...]
) -> None:
    rows = [(n, f"c{n}", f"s{n}") for n in NUMBERS]
    more = {name: [*rows, (7, name, name)] if name in edited else rows for name in ("items", "articles")}
    shop.branch("feature")
    rename_table(shop, "articles", more["articles"])
    shop.commit_all("Feature")
    shop.switch("main")
    rename_table(shop, "items", more["items"])
    shop.commit_all("Main")
    if program == "git":
        shop.tdmvc("install")
        shop.commit_all("Install")
        subprocess.run(["git", "merge", "feature"], cwd=shop.app, capture_output=True, check=False)
        done = shop.tdmvc("merge", "--continue", code=None)
    else:
        done = shop.tdmvc("merge", "feature", code=None)
    for _ in range(4):
        if done.code == 0 or "No merge is in progress" in done.err:
            break
        text = done.out + done.err
        assert done.code == 4, text
        if "tdmvc resolve" in text:
            shop.tdmvc("resolve", "--ours", code=None)
        done = shop.tdmvc("merge", "--continue", code=None)
    assert done.code == 0 or "No merge is in progress" in done.err, done.out + done.err
    held = git(shop.app, "ls-tree", "-r", "--name-only", "HEAD", "datasets/golden")
    for name in ("items", "articles"):
        assert f"{name}.dvc" in held
        assert len(
            shop.tdmvc("sql", f"select * from {name}", "--at", "golden@HEAD", "--format", "json").json["rows"]
        ) == len(more[name])
    assert "goods.dvc" not in held
    assert shop.status == ""


def settle(shop: Shop, side: str) -> None:
    """Take one side wherever a command advises `tdmvc resolve`, until the merge is committed."""
    for _ in range(4):
        done = shop.tdmvc("merge", "--continue", code=None)
        if done.code == 0:
            return
        assert done.code == 4, done.err
        shop.tdmvc("resolve", "golden", side, code=None)
    pytest.fail("the merge never came to its end")


@pytest.mark.parametrize(
    ("here", "there"),
    [("goods2", "goods2"), ("Items", "items"), ("caf\u00e9", "cafe\u0301")],
    ids=["equal", "case", "normalization"],
)
def test_a_table_that_both_sides_rename_to_names_that_clash_loses_no_row(
    shop: Shop, here: str, there: str
) -> None:
    rows = [(n, f"c{n}", f"s{n}") for n in NUMBERS]
    shop.branch("feature")
    rename_table(shop, there, [*rows, (8, "theirs", "t")])
    shop.commit_all("Feature")
    shop.switch("main")
    rename_table(shop, here, [*rows, (9, "ours", "o")])
    shop.commit_all("Main")
    done = shop.tdmvc("merge", "feature", code=None)
    if done.code:
        assert "one name in SQL" in " ".join(done.out.split())
        shop.tdmvc("merge", "--continue", "--allow-broken")
    shown = shop.tdmvc("show", "golden@HEAD", "--format", "json").json
    expected = {here: 8} if here == there else {here: 7, there: 7}
    assert {table["name"]: table["rows"] for table in shown["tables"]} == expected
    assert shop.status == ""


AS_NUMBER = ("id", "code", "size"), [(n, f"c{n}", n) for n in NUMBERS]
DROPPED = ("id", "code"), [(n, f"c{n}") for n in NUMBERS]
RETYPED_AND_RENAMED = ("id", "code", "width"), [(n, f"c{n}", n) for n in NUMBERS]


FATES = [
    (AS_NUMBER, DROPPED),
    (DROPPED, AS_NUMBER),
    (RETYPED_AND_RENAMED, DROPPED),
    (AS_NUMBER, renamed("code", "width")),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "side"),
    sample_of((*fates, side) for fates, side in product(FATES, ["--ours", "--theirs"])),
)
def test_a_column_with_another_type_here_and_another_fate_there_can_be_settled(
    shop: Shop, ours: tuple[Sequence[str], Sequence[Sequence[object]]], theirs: object, side: str
) -> None:
    both(shop, ours, theirs)
    merged = shop.tdmvc("merge", "feature", code=None)
    if merged.code:
        assert merged.code == 4, merged.err
        shop.tdmvc("resolve", "golden", "goods", side)
        settle(shop, side)
    found = goods(shop)
    assert found["code"] == [f"c{n}" for n in NUMBERS]
    assert shop.status == ""


def make_code_the_key(shop: Shop) -> None:
    source = shop.app.parent / "goods.csv"
    source.write_text("id,code,size\n" + "".join(f"{n},c{9 - n},s{n}\n" for n in NUMBERS))
    shop.tdmvc("add", "golden", source, "--key", "goods=code")


@pytest.mark.parametrize(("side", "is_mirrored"), sample_of(product(SIDES[:2], [False, True])))
def test_rows_edited_here_and_another_key_there_can_be_settled(
    shop: Shop, side: str, *, is_mirrored: bool
) -> None:
    def edit() -> None:
        take_in(shop, "goods", ("id", "code", "size"), [(n, f"c{9 - n}", "edited") for n in NUMBERS])

    take_in(shop, "goods", ("id", "code", "size"), [(n, f"c{9 - n}", f"s{n}") for n in NUMBERS])
    shop.commit_all("Codes in another order")
    shop.branch("feature")
    if is_mirrored:
        make_code_the_key(shop)
    else:
        edit()
    shop.commit_all("Feature")
    shop.switch("main")
    if is_mirrored:
        edit()
    else:
        make_code_the_key(shop)
    shop.commit_all("Main")
    merged = shop.tdmvc("merge", "feature", code=4)
    assert "key" in " ".join((merged.out + merged.err).split())
    shop.tdmvc("resolve", "golden", "goods", side)
    settle(shop, side)
    is_edited = side == ("--ours" if is_mirrored else "--theirs")
    rows = {row[0]: row[2] for row in shop.rows("goods", "golden@HEAD")}
    assert rows == {n: "edited" if is_edited else f"s{n}" for n in NUMBERS}
    (table,) = shop.tdmvc("show", "golden@HEAD", "--format", "json").json["tables"]
    has_new_key = side == ("--theirs" if is_mirrored else "--ours")
    assert table["key"] == (["code"] if has_new_key else ["id"])
    assert shop.tdmvc("check").code == 0


def test_rows_that_repeat_the_key_of_the_other_side_stop_the_merge(shop: Shop) -> None:
    shop.branch("feature")
    take_in(shop, "goods", ("id", "code", "size"), [(n, "same", f"s{n}") for n in NUMBERS])
    shop.commit_all("Feature")
    shop.switch("main")
    source = shop.app.parent / "goods.csv"
    source.write_text("id,code,size\n" + "".join(f"{n},c{n},s{n}\n" for n in NUMBERS))
    shop.tdmvc("add", "golden", source, "--key", "goods=code")
    shop.commit_all("Main")
    stopped = shop.tdmvc("merge", "feature", code=4)
    assert "code" in stopped.out
    assert "key" in stopped.out
