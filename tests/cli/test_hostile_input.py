"""Whatever the arguments, the files and the streams hold: a message and an exit code, never a bug."""

import shutil
from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables, copy_repo, publish

ROWS = "id,name\n1,Ada\n2,Grace\n"


@pytest.fixture(scope="module")
def with_tables(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with golden@1.0.0, which has the tables t and u; made once."""
    app = copy_repo(template, tmp_path_factory.mktemp("hostile") / "app")
    add_tables(app, {"t": ROWS, "u": ROWS})
    publish(app)
    return app


@pytest.fixture
def published(with_tables: Path, repo: Path) -> Path:
    """That repository in the place of `repo`."""
    shutil.rmtree(repo)
    return copy_repo(with_tables, repo)


@pytest.mark.parametrize(
    "words",
    [
        ("add", "postgres://me:geheim@db/shop"),
        ("add", "golden", "jdbc:postgresql://me:ge/heim@db/shop"),
        ("checkout", "golden", "--into", "host=db password=geheim"),
        ("show", "postgres://me:geheim@db/shop"),
        ("sql", "select 1", "--at", "golden@password=geheim"),
        ("check", "--format", "postgres://me:geheim@db/shop"),
    ],
)
def test_a_message_shows_no_password(tdmvc: Tdmvc, published: Path, words: tuple[str, ...]) -> None:
    ran = tdmvc(*words, code=None)
    assert ran.code in (2, 3)
    assert "heim" not in ran.out + ran.err


@pytest.mark.parametrize("text", ["é\u202e", "x\\n::error::owned", "x\\e[31m", "x\u200b"])
def test_a_message_shows_what_is_invisible(tdmvc: Tdmvc, published: Path, text: str) -> None:
    config = published / "tdmvc.yaml"
    whole = config.read_text()
    for faulty in (
        whole.replace("datasets: datasets", f'datasets: "{text}"'),
        f'{whole}"{text}": 1\n',
        f'{whole}migrations:\n  main: {{tool: "{text}", path: x}}\n',
    ):
        config.write_text(faulty)
        error = "".join(tdmvc(*words, code=None).err for words in (("show", "golden"), ("migrations",)))
        assert "Where: " in error
        assert "\n::error" not in error
        assert not set(error) & set("\u202e\u200b\x1b")
