"""versions/*.yaml: stable, strict and in the right folder."""

from pathlib import Path

import pytest

from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.versions import (
    contract_path,
    hash_contract,
    parse_version,
    read_contract_text,
    read_versions,
    render_version,
    version_path,
)
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.model.diff import BumpLevel
from tdmvc.model.migration import RecordedState
from tdmvc.model.version import SemVer, Version, VersionTable

HASH = "sha256:" + "ab" * 32
TABLE = VersionTable("9c0f" * 8 + ".dir", HASH, 1423, 120394, HASH)
VERSION = Version(
    dataset="golden",
    version=SemVer(3, 2, 0),
    kind="golden",
    published="2026-11-22T10:00:00Z",
    content=HASH,
    contract=HASH,
    tables={"orders": TABLE, "auth.user": TABLE},
    parent=SemVer(3, 1, 0),
    release=">=2.13,<2.15",
    commit="1234567890" * 4,
    migrations={"main": RecordedState("alembic", ("ae1027a6acf", "0001"), 42, HASH)},
    bump=BumpLevel.MINOR,
    reasons=("+12 rows in orders", 'column "orders".channel: added'),
    notes="Two\nlines # here",
)
TEXT = f"""\
format: tdmvc.version/1
dataset: golden
version: 3.2.0
parent: 3.1.0
kind: golden
published: 2026-11-22T10:00:00Z
release: ">=2.13,<2.15"
commit: "{"1234567890" * 4}"
migrations:
  main: {{tool: alembic, heads: [ae1027a6acf, "0001"], count: 42, digest: {HASH}}}
contract: {HASH}
content: {HASH}
tables:
  auth.user: {{object: "{TABLE.object}", content: {HASH}, rows: 1423, bytes: 120394, schema: {HASH}}}
  orders: {{object: "{TABLE.object}", content: {HASH}, rows: 1423, bytes: 120394, schema: {HASH}}}
changes:
  bump: minor
  reasons:
  - "+12 rows in orders"
  - "column \\"orders\\".channel: added"
notes: "Two\\nlines # here"
"""


def _tree(root: Path, files: dict[str, str]) -> WorkTree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    return WorkTree(root)


def _version(text: str) -> Version:
    return Version(
        "golden", SemVer.parse(text) or SemVer(0, 0, 0), "golden", "2026-11-22T10:00:00Z", HASH, HASH, {}
    )


def test_the_bytes_of_a_version_are_pinned() -> None:
    assert render_version(VERSION) == TEXT
    assert parse_version(TEXT, "p") == VERSION


def test_a_version_without_extras_reads_back() -> None:
    bare = _version("1.0.0-rc.1")
    assert parse_version(render_version(bare), "p") == bare


def test_versions_come_oldest_first_with_candidates_before_their_release(tmp_path: Path) -> None:
    names = ["1.10.0", "1.9.0", "2.0.0", "2.0.0-rc.1"]
    files = {version_path("data/golden", _version(n).version): render_version(_version(n)) for n in names}
    files["data/golden/versions/contracts/x.yaml"] = "not: a version"
    files["data/golden/versions/README.md"] = "hello"
    found = [str(version.version) for version in read_versions(_tree(tmp_path, files), "data/golden")]
    assert found == ["1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"]


def test_a_dataset_without_versions_has_none(tmp_path: Path) -> None:
    assert read_versions(WorkTree(tmp_path), "data/golden") == []


def test_a_file_that_was_renamed_or_moved_is_refused(tmp_path: Path) -> None:
    text = render_version(_version("1.0.0"))
    with pytest.raises(ConfigError, match=r"named 1\.0\.1, but it is version 1\.0\.0"):
        read_versions(_tree(tmp_path / "a", {"data/golden/versions/1.0.1.yaml": text}), "data/golden")
    with pytest.raises(ConfigError, match="folder of another one"):
        read_versions(_tree(tmp_path / "b", {"data/other/versions/1.0.0.yaml": text}), "data/other")


def test_a_contract_is_read_and_an_edited_one_is_refused(tmp_path: Path) -> None:
    text = "apiVersion: v3.1.0\nname: ü\n"
    version = Version("g", SemVer(1, 0, 0), "golden", "x", HASH, hash_contract(text), {})
    path = contract_path("data/g", version.contract)
    assert path == f"data/g/versions/contracts/{version.contract.removeprefix('sha256:')}.yaml"
    assert read_contract_text(_tree(tmp_path, {path: text}), "data/g", version) == text
    windows = text.replace("\n", "\r\n")
    assert read_contract_text(_tree(tmp_path, {path: windows}), "data/g", version) == windows
    with pytest.raises(ConfigError, match=r"contract of g@1\.0\.0 was edited"):
        read_contract_text(_tree(tmp_path, {path: text + "#"}), "data/g", version)
    with pytest.raises(NotFoundError, match="does not exist"):
        read_contract_text(WorkTree(tmp_path), "data/other", version)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version: 3.2.0", "version: 3.2", ("1.4.0", "line 3")),
        ("format: tdmvc.version/1", "format: tdmvc.version/9", ("reads tdmvc.version/1",)),
        ("dataset: golden", "datasets: golden", ("did you mean 'dataset'?",)),
        ("rows: 1423", "rows: -1", ("whole number", "line 14")),
        ('object: "', 'object: "../', ("not a DVC object",)),
        (f"contract: {HASH}", "contract: sha256:../../x", ("hash", "line 11")),
        ("bump: minor", "bump: tiny", ("no bump 'tiny'",)),
        (TEXT[TEXT.index("tables:") : TEXT.index("changes:")], "", ("'tables' is missing",)),
        ("notes:", ">>>>>>> x\nnotes:", ("conflict markers",)),
    ],
)
def test_an_edited_version_is_refused_with_line_and_key(old: str, new: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_version(TEXT.replace(old, new, 1), "v/3.2.0.yaml")
    assert all(word in str(caught.value) for word in ("v/3.2.0.yaml", *words)), str(caught.value)
