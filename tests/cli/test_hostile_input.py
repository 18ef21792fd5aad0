"""Whatever the arguments, the files and the streams hold: a message and an exit code, never a bug."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Tdmvc, add_tables, commit_all, copy_repo, git, publish
from tests.series import sample_of

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


@pytest.mark.parametrize(
    "words",
    [
        ("checkout", "golden@1.0.0", "--into", ""),
        ("checkout", "golden", "--into", "copy", "--table", ","),
        ("diff", "golden", "--table", ""),
        ("diff", "golden", "--rows="),
        ("review", "HEAD", "-o", ""),
        ("add", "golden", "../source/t.csv", "--table", ""),
        ("publish", "golden", "2.0.0", "--release", " "),
        ("log", "golden", ""),
    ],
)
def test_an_empty_argument_is_not_taken_for_a_missing_one(
    tdmvc: Tdmvc, published: Path, words: tuple[str, ...]
) -> None:
    error = tdmvc(*words, code=2).err
    assert "empty" in error
    assert "Fix: " in error


def test_an_empty_null_text_is_the_null_of_every_csv_file(tdmvc: Tdmvc, published: Path) -> None:
    source = published.parent / "v.csv"
    source.write_text(ROWS)
    tdmvc("add", "golden", source, "--key", "v=id", "--null", "")


@pytest.mark.parametrize(
    "words",
    [
        ("add", "golden", "source/t.csv", "--table", "\udcff"),
        ("add", "golden", "\udcff.csv"),
        ("checkout", "golden", "--into", "\udcff.duckdb"),
        ("sql", "select '\udcff'"),
        ("show", "\udcff"),
    ],
)
def test_an_argument_that_is_not_utf_8_is_refused(
    tdmvc: Tdmvc, published: Path, words: tuple[str, ...]
) -> None:
    error = tdmvc(*words, code=2).err
    assert "not valid UTF-8" in error
    assert "Fix: " in error


def test_files_and_folders_whose_names_are_not_utf_8_are_refused(
    tdmvc: Tdmvc, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = published.parent / "mixed"
    source.mkdir()
    (source / "caf\udce9.csv").write_text(ROWS)
    assert "not valid UTF-8" in tdmvc("add", "golden", source, code=2).err
    place = published.parent / "caf\udce9"
    published.rename(place)
    monkeypatch.chdir(place)
    assert "not valid UTF-8" in tdmvc("status", folder=Path(), code=2).err


@pytest.mark.parametrize(
    ("file", "text"), [("HEAD", b"garbage\n"), ("index", b"garbage\n"), ("config", b"[")]
)
def test_a_damaged_git_folder_is_what_git_reports(
    tdmvc: Tdmvc, published: Path, file: str, text: bytes
) -> None:
    (published / ".git" / file).write_bytes(text)
    errors = []
    for command in (
        *(
            ("status",),
            ("verify",),
            ("review", "HEAD"),
            ("log", "golden"),
            ("blame", "golden", "t"),
            ("list",),
        ),
        *(("publish", "golden", "2.0.0"), ("diff", "golden"), ("merge", "other"), ("check",), ("gc",)),
    ):
        ran = tdmvc(*command, code=None)
        assert ran.code in (0, 1, 2, 3), (command, ran.err)
        errors.append(ran.err)
    assert "Fix: " in errors[0]
    assert "Git" in errors[0]


def test_a_machine_without_git_gets_the_advice_to_install_it(
    tdmvc: Tdmvc, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import git

    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", "/no/such/git")
    assert "Fix: install Git" in tdmvc("status", code=2).err


@pytest.mark.parametrize("descriptors", sample_of([(0, 1, 2), (0,), (1,), (2,), (1, 2)], 2))
def test_closed_streams_are_no_error(published: Path, descriptors: tuple[int, ...]) -> None:
    closing = " ".join(f"{descriptor}>&-" for descriptor in descriptors)
    script = f"'{sys.executable}' -m tdmvc diff golden@1.0.0 golden {closing}"
    done = subprocess.run(script, shell=True, cwd=published, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_device_is_reported_though_no_message_can_be(published: Path) -> None:
    script = f"'{sys.executable}' -m tdmvc diff golden@1.0.0 golden >/dev/full 2>&-"
    assert subprocess.run(script, shell=True, cwd=published).returncode == 6


@pytest.mark.parametrize("file", ["dataset.yaml", "contract.yaml", "../../tdmvc.yaml", "../../dvc.yaml"])
def test_a_file_that_is_not_utf_8_is_named_with_its_line(tdmvc: Tdmvc, published: Path, file: str) -> None:
    path = (published / "datasets" / "golden" / file).resolve()
    line = path.read_bytes().count(b"\n") + 1
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    place = f"{path.relative_to(published)}, line {line}"
    for words in (("add", "golden"), ("checkout", "golden"), ("publish", "golden", "2.0.0"), ("status",)):
        ran = tdmvc(*words, code=None)
        assert ran.code in (0, 2), ran.err
        assert ran.code == 0 or f"Where: {place}" in ran.err
    checked = tdmvc("check", code=None)
    assert checked.code in (1, 2)
    assert "not valid UTF-8" in " ".join((checked.out + checked.err).split())


@pytest.mark.parametrize(
    "type_",
    [
        "decimal(99999999999999999999999999,1)",
        "decimal(1,-99999999999999999999)",
        "list<" * 1500 + ">" * 1500,
    ],
)
def test_a_type_beyond_every_limit_is_a_fault_of_the_contract(
    tdmvc: Tdmvc, published: Path, type_: str
) -> None:
    path = published / "datasets" / "golden" / "contract.yaml"
    path.write_text(path.read_text().replace("physicalType: string", f'physicalType: "{type_}"'))
    for words in (("add", "golden"), ("status",), ("review", "HEAD"), ("show", "golden"), ("check",)):
        ran = tdmvc(*words, code=None)
        assert ran.code in (0, 1, 2), ran.err


@pytest.mark.parametrize("source", ["tags", "file", "command"])
@pytest.mark.parametrize("text", ["\\0", "x\\0", "\\ud800"])
def test_a_text_that_no_process_can_take_is_a_fault_of_the_configuration(
    tdmvc: Tdmvc, published: Path, source: str, text: str
) -> None:
    path = published / "tdmvc.yaml"
    kept = path.read_text().replace("file: VERSION", f'{source}: "{text}"')
    assert text in kept
    path.write_text(kept)
    for words in (("status",), ("publish", "golden", "2.0.0"), ("check",)):
        ran = tdmvc(*words, code=None)
        assert ran.code in (1, 2), ran.err
        assert "tdmvc.yaml" in ran.out + ran.err


def test_a_faulty_file_of_another_branch_is_named_with_its_revision(tdmvc: Tdmvc, published: Path) -> None:
    path = published / "datasets" / "golden" / "dataset.yaml"
    whole = path.read_text()
    git(published, "switch", "-q", "-c", "th")
    path.write_text(whole + "x: [\n")
    theirs = commit_all(published, "A fault")
    git(published, "switch", "-q", "main")
    path.write_text(whole + "description: o\n")
    commit_all(published, "A description")
    place = f"Where: datasets/golden/dataset.yaml, line 5, at {theirs[:7]}"
    for words in (
        ("merge", "th"),
        ("merge-check", "th"),
        ("show", "golden@th"),
        ("diff", "golden@th", "golden"),
    ):
        ran = tdmvc(*words, code=None)
        assert ran.code == 2, (words, ran.out)
        assert place in ran.err, words


def test_what_a_killed_process_had_prepared_is_removed_by_the_next_command(
    tdmvc: Tdmvc, published: Path
) -> None:
    left = published / "datasets" / "golden" / ".tdmvc-staging-killed"
    left.mkdir()
    (left / "1").write_text("half a part")
    tdmvc("status")
    assert not left.exists()


def test_a_variable_that_names_no_git_or_no_memory_is_a_fault_of_the_user(published: Path) -> None:
    for name, value, words in (
        ("GIT_PYTHON_GIT_EXECUTABLE", "/no/such/git", ("status",)),
        ("TDMVC_MEMORY", "\udcff", ("sql", "select 1")),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "tdmvc", *words],
            cwd=published,
            env={**os.environ, name: value},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2, done.stderr
        assert "Fix: " in done.stderr
