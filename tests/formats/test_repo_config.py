"""tdmvc.yaml: read, written, and refused with line and key."""

from pathlib import Path

import pytest

from tdmvc.errors import ConfigError, NotFoundError
from tdmvc.formats.config import parse_config, read_config, render_config
from tdmvc.gitrepo.trees import WorkTree
from tdmvc.model.dataset import ReleaseSource, RepoConfig
from tdmvc.model.migration import MigrationLocation

WHOLE = """\
format: tdmvc/1
datasets: test/datasets/
app:
  name: shop
  release: {file: pyproject.toml}
migrations:
  main: {tool: alembic, path: ./migrations}
  audit:
    tool: sql
    path: db
    pattern: 'V(?P<id>\\d+)\\.sql'
store: {release_remote: archive}
"""


def test_without_tdmvc_yaml_the_error_says_to_run_init(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="tdmvc init"):
        read_config(WorkTree(tmp_path))


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "tdmvc.yaml").write_text(WHOLE)
    assert read_config(WorkTree(tmp_path)) == RepoConfig(
        datasets_folder="test/datasets",
        app_name="shop",
        release_source=ReleaseSource.FILE,
        release_value="pyproject.toml",
        migrations=(
            MigrationLocation("main", "alembic", "migrations"),
            MigrationLocation("audit", "sql", "db", r"V(?P<id>\d+)\.sql"),
        ),
        release_remote="archive",
    )


def test_the_format_alone_is_enough() -> None:
    assert parse_config("format: tdmvc/1\n", "p") == RepoConfig()


def test_a_written_file_reads_back_equal() -> None:
    for config in (
        RepoConfig(),
        parse_config(WHOLE, "p"),
        RepoConfig("on", "y: #", ReleaseSource.COMMAND, "a 'b'"),
    ):
        assert parse_config(render_config(config), "p") == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format: tdmvc/2\n", ("reads tdmvc/1", "line 1")),
        ("format: other\n", ("must be 'tdmvc/1'",)),
        ("datasets: a\n", ("'format' is missing",)),
        ("format: tdmvc/1\ndataset: a\n", ("did you mean 'datasets'?", "line 2")),
        ("format: tdmvc/1\ndatasets: ../elsewhere\n", ("inside the repository", "line 2", "'datasets'")),
        ("format: tdmvc/1\ndatasets: /data\n", ("inside the repository",)),
        ("format: tdmvc/1\ndatasets: C:/data\n", ("inside the repository",)),
        (
            "format: tdmvc/1\nmigrations:\n  main: {tool: alembic, path: a/../../b}\n",
            ("line 3", "migrations.main.path"),
        ),
        ("format: tdmvc/1\nmigrations:\n  main: {path: a}\n", ("'tool' is missing", "line 3")),
        ("format: tdmvc/1\nmigrations: [a]\n", ("mapping", "line 2")),
        ("format: tdmvc/1\napp: {release: {tags: a, file: b}}\n", ("one source",)),
        ("format: tdmvc/1\napp: {release: {tag: a}}\n", ("did you mean 'tags'?",)),
        ("format: tdmvc/1\nstore: {remote: a}\n", ("release_remote",)),
    ],
)
def test_a_fault_names_line_and_key(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "tdmvc.yaml")
    assert all(word in str(caught.value) for word in ("tdmvc.yaml", *words))
