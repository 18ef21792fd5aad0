"""What is written follows the published schemas, and the published examples are read."""

import re
from pathlib import Path

import pytest

from tdmvc.formats.config import parse_config, render_config
from tdmvc.formats.conflict_file import parse_conflict_file, render_conflict_file
from tdmvc.formats.dataset import parse_dataset
from tdmvc.formats.dataset_edit import update_dataset
from tdmvc.formats.versions import parse_version, render_version
from tdmvc.model.dataset import DatasetConfig, DatasetKind, DiffRules, ReleaseSource, RepoConfig
from tdmvc.model.diff import BumpLevel
from tdmvc.model.environment import Environment
from tdmvc.model.merge import Choice, Conflict, ConflictKind, Resolutions, Side
from tdmvc.model.merge_report import ConflictFile, ListedConflict
from tdmvc.model.migration import MigrationLocation, RecordedState
from tdmvc.model.version import SemVer, Version, VersionTable
from tests.schemas import assert_valid
from tests.yaml_files import load_yaml

FORMATS = Path(__file__).parents[2] / "docs" / "formats"
HASH = "sha256:" + "ab" * 32
STATE = RecordedState("alembic", ("0001", "1e5"), 42, HASH)


def _check(name: str, text: str) -> None:
    assert_valid(load_yaml(text), name)


def _example(name: str) -> str:
    match = re.search(r"```yaml\n(.*?)```", (FORMATS / f"{name}.md").read_text(), re.DOTALL)
    assert match
    return match[1].replace("sha256:…", HASH).replace("9c0f…", "9c0f" * 8).replace("1f3c…", "1f3c")


@pytest.mark.parametrize(
    "config",
    [
        RepoConfig(),
        RepoConfig(
            "d", "shop", ReleaseSource.FILE, "VERSION", (MigrationLocation("m", "sql", "db", "x"),), "archive"
        ),
        RepoConfig(release_source=ReleaseSource.COMMAND, release_value="1.0"),
        RepoConfig(
            environments=(
                Environment("on", migrate="a: b", datasets=("no@1.0",), exports={"URL": "{sqlalchemy_url}"}),
                Environment("ci", "sqlite:///x", folder="apps/1", migrate=""),
            )
        ),
    ],
)
def test_a_written_tdmvc_yaml_follows_its_schema(config: RepoConfig) -> None:
    _check("repo", render_config(config))
    read = parse_config(render_config(config), "tdmvc.yaml").environments
    assert [one.migrate for one in read] == [one.migrate for one in config.environments]
    assert [one.database for one in read] == [one.database for one in config.environments]


@pytest.mark.parametrize(
    "config",
    [
        DatasetConfig("golden"),
        DatasetConfig(
            "g", DatasetKind.MASKED, "1.0", {"m": STATE}, {"on": DiffRules(("no",))}, ("a.b", "*.c"), 9
        ),
    ],
)
def test_a_written_dataset_yaml_follows_its_schema(config: DatasetConfig) -> None:
    _check("dataset", update_dataset(None, config))


def test_a_written_version_follows_its_schema() -> None:
    table = VersionTable("9c0f" * 8 + ".dir", HASH, 1, 2, HASH)
    bare = Version("g", SemVer(1, 0, 0, ("rc", "1")), "golden", "2026-11-22T10:00:00Z", HASH, HASH, {})
    whole = Version(
        *("g", SemVer(1, 0, 0), "golden", "2026-11-22T10:00:00Z", HASH, HASH, {"no": table}),
        parent=SemVer(0, 1, 0),
        release="2.10",
        commit="1" * 40,
        migrations={"m": STATE},
        bump=BumpLevel.MAJOR,
        reasons=("-1 row",),
        notes="true",
    )
    for version in (bare, whole):
        _check("version", render_version(version))


def test_the_published_examples_are_read_and_follow_the_schemas() -> None:
    for name, parse in (("repo", parse_config), ("dataset", parse_dataset), ("version", parse_version)):
        _check(name, _example(name))
        assert parse(_example(name), name)


def test_a_written_file_of_conflicts_follows_its_schema() -> None:
    conflicts = (
        Conflict(ConflictKind.CELL, ("on", None), "1.0", "0x1", "", None),
        Conflict(ConflictKind.COLUMN_TYPE, (), "c", "int64", "string", None, "2 cells were edited"),
    )
    objects = {Side.BASE: None, Side.OURS: "0" * 32 + ".dir", Side.THEIRS: "12" * 16 + ".dir"}
    rows = {("on", None): {"1.0": Choice(None, "2.0")}, ("y", "z"): {None: Choice(Side.OURS)}}
    listed = tuple(map(ListedConflict, conflicts))
    decided = Resolutions(Side.BASE, {"no": Side.THEIRS}, rows)
    file = ConflictFile("1e5", objects, {}, ("yes", "2"), ("yes", "2", "c"), ("2",), listed, 2, decided)
    _check("conflicts", render_conflict_file(file, "tdmvc resolve"))


def test_the_published_file_of_conflicts_is_read() -> None:
    text = _example("conflicts")
    _check("conflicts", text)
    file = parse_conflict_file(text, "conflicts/orders.yaml")
    assert file.decided.columns == {"note": Side.THEIRS}
    assert file.decided.rows == {
        ("7",): {"status": Choice(Side.OURS)},
        ("1001",): {None: Choice(Side.BASE)},
    }
