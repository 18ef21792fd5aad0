"""What Git holds for each table: .dvc files and stages."""

from pathlib import Path

import pytest
from dvc.utils.serialize import dumps_yaml

from tdmvc.errors import ConfigError
from tdmvc.formats.pointers import read_pointers, render_pointer, stage_owners
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.model.dataset import Pointer

MD5 = "9c0f" * 8 + ".dir"
OTHER = "1a2b" * 8 + ".dir"
FOLDER = "datasets/golden"


def _tree(root: Path, files: dict[str, str]) -> WorkTree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return WorkTree(root)


def _lock(*stages: tuple[str, str, str]) -> str:
    entries = "".join(
        f"  {name}:\n    cmd: make\n    outs:\n    - path: {path}\n      hash: md5\n      md5: {md5}\n      size: 5\n"
        "      nfiles: 1\n"
        for name, path, md5 in stages
    )
    return f"schema: '2.0'\nstages:\n{entries}"


def test_a_pointer_is_written_as_dvc_writes_it() -> None:
    assert render_pointer("orders", MD5, 120394, 3) == (
        f"outs:\n- md5: {MD5}\n  size: 120394\n  nfiles: 3\n  hash: md5\n  path: orders\n"
    )


@pytest.mark.parametrize(
    "folder", ["orders", "Order Details", "auth.user", "%2Fodd", "größe", "on", "123", "a: b", "x #y"]
)
def test_a_pointer_reads_back_as_the_same_table(tmp_path: Path, folder: str) -> None:
    tree = _tree(tmp_path, {f"{FOLDER}/{folder}.dvc": render_pointer(folder, MD5, 7, 2)})
    (pointer,) = read_pointers(tree, FOLDER).values()
    assert (pointer.object, pointer.size_bytes, pointer.files, pointer.stage) == (MD5, 7, 2, None)


def test_a_folders_name_leads_back_to_the_tables(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {f"{FOLDER}/a%2Fb.dvc": render_pointer("a%2Fb", MD5, 7, 2)})
    assert list(read_pointers(tree, FOLDER)) == ["a/b"]


def test_only_the_datasets_own_folder_is_read(tmp_path: Path) -> None:
    text = render_pointer("orders", MD5, 7, 2)
    tree = _tree(tmp_path, {f"{FOLDER}/versions/orders.dvc": text, "datasets/golden-2/orders.dvc": text})
    assert read_pointers(tree, FOLDER) == {}


@pytest.mark.parametrize("path", ["/etc", "../other", "./orders/../x", "other", "orders/", "C:\\x"])
def test_a_pointer_to_another_path_is_refused(tmp_path: Path, path: str) -> None:
    text = f"outs:\n- md5: {MD5}\n  hash: md5\n  path: {path}\n"
    with pytest.raises(ConfigError, match=r"own name without \.dvc") as caught:
        read_pointers(_tree(tmp_path, {f"{FOLDER}/orders.dvc": text}), FOLDER)
    assert "orders.dvc, line 4" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f"outs:\n- md5: {MD5}\n  path: orders\n- md5: {MD5}\n  path: b\n", "one output"),
        (f"wdir: ..\nouts:\n- md5: {MD5}\n  path: orders\n", "another folder"),
        ("outs:\n- md5: ../../etc/passwd.dir\n  path: orders\n", "not a pointer"),
        (f"outs:\n- md5: {'a' * 32}\n  path: orders\n", "not a pointer"),
        (f"outs:\n- md5: {MD5}\n  hash: etag\n  path: orders\n", "not a pointer"),
        ("outs:\n- path: orders\n", "not a pointer"),
        ("", "'outs' is missing"),
        (f"outs:\n<<<<<<< HEAD\n- md5: {MD5}\n=======\n- md5: {OTHER}\n>>>>>>> x\n", "is in conflict"),
    ],
)
def test_a_pointer_that_dvc_would_not_write_for_a_table_is_refused(
    tmp_path: Path, text: str, word: str
) -> None:
    with pytest.raises(ConfigError, match=word):
        read_pointers(_tree(tmp_path, {f"{FOLDER}/orders.dvc": text}), FOLDER)


def test_a_pointer_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(render_pointer("orders", MD5, 7, 2))
    tree = _tree(tmp_path / "app", {f"{FOLDER}/dataset.yaml": ""})
    (tmp_path / "app" / FOLDER / "orders.dvc").symlink_to(tmp_path / "outside")
    assert read_pointers(tree, FOLDER) == {}


def test_an_output_of_a_stage_is_a_pointer_too(tmp_path: Path) -> None:
    files = {
        "dvc.yaml": "stages:\n  derive:\n    cmd: make\n    outs:\n    - datasets/golden/orders\n    - report.html\n",
        "dvc.lock": _lock(("derive", "datasets/golden/orders", MD5), ("gone", "datasets/golden/old", MD5)),
        f"{FOLDER}/customers.dvc": render_pointer("customers", OTHER, 7, 2),
    }
    pointers = read_pointers(_tree(tmp_path, files), FOLDER)
    assert list(pointers) == ["customers", "orders"]
    assert pointers["orders"] == Pointer("orders", MD5, 5, 1, "dvc.yaml:derive", folder="orders")


def test_paths_of_a_stage_are_relative_to_its_file_and_working_folder(tmp_path: Path) -> None:
    files = {
        "datasets/dvc.yaml": "stages:\n  derive:\n    cmd: x\n    wdir: ../work\n    outs:\n"
        "    - ../datasets/golden/orders:\n        cache: true\n",
        "datasets/dvc.lock": _lock(("derive", "../datasets/golden/orders", MD5)),
        f"{FOLDER}/dvc.yaml": "stages:\n  more:\n    cmd: x\n    outs: [items, deep/er]\n",
    }
    tree = _tree(tmp_path, files)
    assert read_pointers(tree, FOLDER)["orders"].stage == "datasets/dvc.yaml:derive"
    assert stage_owners(tree, FOLDER) == {
        "orders": "datasets/dvc.yaml:derive",
        "items": "datasets/golden/dvc.yaml:more",
    }


def test_a_stage_that_never_ran_owns_its_table_without_a_pointer(tmp_path: Path) -> None:
    tree = _tree(
        tmp_path, {"dvc.yaml": "stages:\n  derive:\n    cmd: x\n    outs: [datasets/golden/orders]\n"}
    )
    assert read_pointers(tree, FOLDER) == {}
    assert stage_owners(tree, FOLDER) == {"orders": "dvc.yaml:derive"}


@pytest.mark.parametrize(
    ("loop", "out", "labels"),
    [
        ("foreach: [a, b]", "${item}", {"a": "s@a", "b": "s@b"}),
        ("foreach: {x: a, y: b}", "${item}_${key}", {"a_x": "s@x", "b_y": "s@y"}),
        ("foreach: [{t: a}, {t: b}]", "${ item.t }", {"a": "s@0", "b": "s@1"}),
    ],
)
def test_each_round_of_a_loop_is_a_stage(tmp_path: Path, loop: str, out: str, labels: dict[str, str]) -> None:
    text = f"stages:\n  s:\n    {loop}\n    do:\n      cmd: x\n      outs:\n      - datasets/golden/{out}\n"
    assert stage_owners(_tree(tmp_path, {"dvc.yaml": text}), FOLDER) == {
        table: f"dvc.yaml:{label}" for table, label in labels.items()
    }


def test_a_matrix_makes_a_stage_of_each_choice(tmp_path: Path) -> None:
    text = (
        "stages:\n  s:\n    matrix:\n      a: [x, y]\n      b: [1]\n    cmd: x\n"
        "    outs: ['datasets/golden/${item.a}${item.b}']\n"
    )
    files = {"dvc.yaml": text, "dvc.lock": _lock(("s@x-1", "datasets/golden/x1", MD5))}
    tree = _tree(tmp_path, files)
    assert stage_owners(tree, FOLDER) == {"x1": "dvc.yaml:s@x-1", "y1": "dvc.yaml:s@y-1"}
    assert list(read_pointers(tree, FOLDER)) == ["x1"]


def test_a_loop_that_only_dvc_can_unroll_is_read_from_the_lock(tmp_path: Path) -> None:
    text = "stages:\n  s:\n    foreach: ${tables}\n    do:\n      cmd: x\n      outs: ['datasets/golden/${item}']\n"
    files = {"dvc.yaml": text, "dvc.lock": _lock(("s@orders", "datasets/golden/orders", MD5))}
    assert read_pointers(_tree(tmp_path, files), FOLDER)["orders"].stage == "dvc.yaml:s@orders"


def test_a_table_with_two_owners_is_refused(tmp_path: Path) -> None:
    stage = "cmd: x\n    outs: [datasets/golden/orders]\n"
    files = {
        "dvc.yaml": f"stages:\n  derive:\n    {stage}",
        f"{FOLDER}/orders.dvc": render_pointer("orders", MD5, 7, 2),
    }
    with pytest.raises(ConfigError, match="two owners"):
        read_pointers(_tree(tmp_path / "a", files), FOLDER)
    files = {"dvc.yaml": f"stages:\n  one:\n    {stage}  two:\n    {stage}"}
    with pytest.raises(ConfigError, match="two stages"):
        read_pointers(_tree(tmp_path / "b", files), FOLDER)


def test_a_conflict_in_the_lock_is_named(tmp_path: Path) -> None:
    files = {
        "dvc.yaml": "stages: {}\n",
        "dvc.lock": "schema: '2.0'\n<<<<<<< HEAD\nstages: {}\n=======\n>>>>>>> x\n",
    }
    with pytest.raises(ConfigError, match="conflict markers") as caught:
        read_pointers(_tree(tmp_path, files), FOLDER)
    assert "dvc.lock" in str(caught.value)


def test_the_root_itself_may_hold_a_dataset(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {"golden/orders.dvc": render_pointer("orders", MD5, 7, 2)})
    assert list(read_pointers(tree, "golden")) == ["orders"]


@pytest.mark.parametrize("folder", ["orders", "on", "123", "a: b", "x #y", "größe", "a%2Fb", "w " * 60 + "w"])
def test_a_pointer_has_the_bytes_of_dvcs_own_writer(folder: str) -> None:
    out = {"md5": MD5, "size": 7, "nfiles": 2, "hash": "md5", "path": folder}
    assert render_pointer(folder, MD5, 7, 2) == dumps_yaml({"outs": [out]})
