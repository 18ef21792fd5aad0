"""A wrong name ends with exit code 3, or 2, and with advice that names what the reader may have meant."""

from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables, commit_all, copy_repo, publish


@pytest.fixture(scope="module")
def published(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """golden@1.0.0 with one table, and a later commit that changed only a pipeline."""
    app = copy_repo(template, tmp_path_factory.mktemp("names") / "app")
    add_tables(app, {"loan": "id,member\n13,1\n"})
    publish(app)
    (app / "dvc.yaml").write_text("stages: {}\n")
    commit_all(app, "A pipeline")
    return app


NO_DATASET = "There is no dataset 'goldn'"
NO_TABLE = "There is no table 'lon'"


@pytest.mark.parametrize(
    "words",
    [
        *(
            "add",
            "blame",
            "check",
            "checkout",
            "diff",
            "drift",
            "list",
            "log",
            "log --versions",
            "publish",
            "pull",
        ),
        *("push", "resolve", "show", "status", "verify"),
    ],
)
def test_every_command_suggests_the_dataset(tdmvc: Tdmvc, published: Path, words: str) -> None:
    more = ["loan"] if words == "blame" else []
    error = tdmvc(*words.split(), "goldn", *more, folder=published, code=3).err
    assert NO_DATASET in error
    assert "did you mean 'golden'?" in error


@pytest.mark.parametrize(
    "words",
    [
        "add golden --table lon",
        "add golden --key lon=id",
        "blame golden lon",
        "checkout golden --table lon",
        "diff golden --table lon",
        "log golden lon",
        "log golden lon --key 1",
        "log --versions golden lon",
        "revert golden HEAD --table lon",
    ],
)
def test_every_command_suggests_the_table(tdmvc: Tdmvc, published: Path, words: str) -> None:
    error = tdmvc(*words.split(), folder=published, code=3).err
    assert NO_TABLE in error
    assert "did you mean 'loan'?" in error


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("show golden@1.0", "did you mean 'golden@1.0.0'?"),
        ("diff golden@9", "use one of its versions: 1.0.0."),
        ("log golden@9", "use one of its versions: 1.0.0."),
        ("log --versions golden@9", "use one of its versions: 1.0.0."),
        ("sql --at golden@0.9 select", "did you mean 'golden@1.0.0'?"),
        ("sql --at 1.0.0 select", "a version follows its dataset: golden@1.0.0."),
        ("diff golden@1.0.0 3.0.0", "a version follows its dataset: golden@3.0.0."),
        ("diff golden@1.0.0...2.0.0", "compare two versions with `..`: golden@1.0.0..2.0.0."),
        ("log loan", "loan is a table of golden: name the dataset first."),
        ("resolve golden lon", "nothing is left to resolve in golden; see `tdmvc status golden`."),
        ("drift --release 9", "tag one with `git tag`, or name a commit."),
        ("add more.csv", "name the dataset first: `tdmvc add golden more.csv`."),
    ],
)
def test_the_advice_names_what_was_meant(tdmvc: Tdmvc, published: Path, words: str, advice: str) -> None:
    assert f"Fix: {advice}\n" in tdmvc(*words.split(), folder=published, code=3).err


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("add ../lib.db", "to add a file or a folder, name the dataset first: `tdmvc add golden ../lib.db`."),
        ("add golden more.csv --key id", "write --key more=id."),
        ("add golden lib.db --key id", "write --key TABLE=id."),
        ("add golden lib.db --table loan --key a,b", "write --key loan=a,b."),
    ],
)
def test_a_missing_name_is_requested(tdmvc: Tdmvc, published: Path, words: str, advice: str) -> None:
    assert f"Fix: {advice}\n" in tdmvc(*words.split(), folder=published, code=2).err


def test_a_version_of_an_unpublished_dataset_gets_the_command_that_publishes(
    tdmvc: Tdmvc, repo: Path
) -> None:
    add_tables(repo, {"loan": "id,member\n13,1\n"})
    error = tdmvc("show", "golden@1.0.0", code=3).err
    assert "golden has no version '1.0.0'." in error
    assert "Fix: publish one: `tdmvc publish golden 1.0.0`." in error
