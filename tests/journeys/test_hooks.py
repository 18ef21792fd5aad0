"""`check`, at a desk and as the hooks of pre-commit."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import Tdmvc, add_migrations, add_remotes, add_tables, commit_all, copy_repo, git, publish
from tests.series import long_only
from tests.yaml_files import read_yaml

HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
CONFLICT = "<<<<<<< HEAD\n  a: 1\n=======\n  a: 2\n>>>>>>> feature\n"


@pytest.fixture(scope="module")
def checked_repo(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two tables, a version, migrations, and a remote next to it."""
    app = copy_repo(template, tmp_path_factory.mktemp("checked") / "app")
    add_migrations(app)
    add_tables(app, {"customers": "id,name\n1,Ada\n2,Grace\n", "orders": "id,customer\n1,1\n2,2\n"})
    publish(app)
    return app


@pytest.fixture
def repo(checked_repo: Path, tmp_path: Path) -> Path:
    app = copy_repo(checked_repo, tmp_path / "app")
    add_remotes(app, "near")
    commit_all(app, "A remote")
    return app


def _findings(tdmvc: Tdmvc, *words: str, code: int = 1) -> list[dict[str, Any]]:
    findings = tdmvc("check", *words, "--format", "json", code=code).json["findings"]
    assert isinstance(findings, list)
    return findings


def _told(findings: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(finding["rule"], finding["details"]["file"]) for finding in findings}


def _fetched_pointers(repo: Path) -> list[Path]:
    return sorted((repo / "datasets" / "golden").glob("*.dvc"))


# At a desk.


def test_a_clean_check_prints_one_line(tdmvc: Tdmvc, repo: Path) -> None:
    assert tdmvc("check").out == "OK: 1 dataset, 2 tables, 1 version\n"
    assert _findings(tdmvc, "golden", code=0) == []
    assert "golden" in tdmvc("check", "goldn", code=3).err


def test_a_repository_without_datasets_has_nothing_to_check(tdmvc: Tdmvc, repo: Path) -> None:
    shutil.rmtree(repo / "datasets")
    assert "Nothing to check" in tdmvc("check").out


def test_every_faulty_file_is_reported_with_its_line_not_only_the_first(tdmvc: Tdmvc, repo: Path) -> None:
    folder = repo / "datasets" / "golden"
    customers, orders = _fetched_pointers(repo)
    customers.write_text(customers.read_text().replace("outs:\n", f"outs:\n{CONFLICT}"))
    orders.write_text(orders.read_text().replace("path: orders", "path: ../../elsewhere"))
    (folder / "contract.yaml").write_text("schema: [\n")
    version = folder / "versions" / "1.0.0.yaml"
    version.write_text(version.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    found = _findings(tdmvc)
    assert _told(found) == {
        ("conflict-markers", "datasets/golden/customers.dvc"),
        ("pointer-file", "datasets/golden/orders.dvc"),
        ("contract-file", "datasets/golden/contract.yaml"),
        ("version-file", "datasets/golden/versions/1.0.0.yaml"),
    }
    marked = next(finding for finding in found if finding["rule"] == "conflict-markers")
    assert marked["details"]["line"] == 2
    text = " ".join(tdmvc("check", code=1).out.split())
    assert "datasets/golden/customers.dvc:2: The table customers of golden is in conflict" in text
    assert "tdmvc resolve golden" in text


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [("name: golden", "name: silver", "manifest-file"), ("name: golden", CONFLICT, "conflict-markers")],
)
def test_a_faulty_manifest_does_not_hide_other_faults(
    tdmvc: Tdmvc, repo: Path, old: str, new: str, rule: str
) -> None:
    manifest = repo / "datasets" / "golden" / "dataset.yaml"
    manifest.write_text(manifest.read_text().replace(old, new))
    _fetched_pointers(repo)[0].write_text("outs: 1\n")
    assert _told(_findings(tdmvc)) == {
        (rule, "datasets/golden/dataset.yaml"),
        ("pointer-file", "datasets/golden/customers.dvc"),
    }


def test_a_faulty_tdmvc_yaml_is_a_usage_error_because_no_dataset_can_be_found(
    tdmvc: Tdmvc, repo: Path
) -> None:
    (repo / "tdmvc.yaml").write_text((repo / "tdmvc.yaml").read_text() + CONFLICT)
    refused = tdmvc("check", code=2)
    assert "tdmvc.yaml, line" in refused.err


def test_an_edited_contract_of_a_version_is_reported(tdmvc: Tdmvc, repo: Path) -> None:
    (contract,) = (repo / "datasets" / "golden" / "versions" / "contracts").iterdir()
    contract.write_text(contract.read_text() + "# edited\n")
    assert _told(_findings(tdmvc)) == {("version-contract", "datasets/golden/versions/1.0.0.yaml")}


def test_a_pointer_that_mixes_two_states_is_reported(tdmvc: Tdmvc, repo: Path) -> None:
    pointer = _fetched_pointers(repo)[1]
    pointer.write_text(pointer.read_text().replace("nfiles: 1", "nfiles: 4"))
    assert _told(_findings(tdmvc)) == {("pointer-mixed", "datasets/golden/orders.dvc")}


def test_a_listing_that_names_files_outside_of_its_table_is_reported(tdmvc: Tdmvc, repo: Path) -> None:
    hostile = b'[{"md5": "d41d8cd98f00b204e9800998ecf8427e", "relpath": "../../../.bashrc"}]'
    md5 = hashlib.md5(hostile).hexdigest()
    listing = repo / ".dvc" / "cache" / "files" / "md5" / md5[:2] / f"{md5[2:]}.dir"
    listing.parent.mkdir(exist_ok=True)
    listing.write_bytes(hostile)
    pointer = _fetched_pointers(repo)[1]
    lines = [
        f"- md5: {md5}.dir" if "md5: " in line and ".dir" in line else line
        for line in pointer.read_text().splitlines()
    ]
    pointer.write_text("\n".join(lines) + "\n")
    assert ("listing", "datasets/golden/orders.dvc") in _told(_findings(tdmvc))


def test_edits_that_were_not_added_are_a_warning(tdmvc: Tdmvc, repo: Path) -> None:
    folder = repo / "datasets" / "golden"
    shutil.copyfile(next((folder / "orders").iterdir()), folder / "orders" / "more.parquet")
    (folder / "drafts").mkdir()
    shutil.copyfile(next((folder / "customers").iterdir()), folder / "drafts" / "x.parquet")
    found = _findings(tdmvc, code=0)
    assert [(f["rule"], f["severity"], f["table"]) for f in found] == [
        ("not-added", "warning", "orders"),
        ("not-added", "warning", "drafts"),
    ]
    assert "tdmvc add golden" in tdmvc("check").out


def test_a_link_in_the_working_copy_is_reported_and_not_followed(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "datasets" / "golden" / "orders" / "linked").symlink_to(repo.parent)
    (finding,) = _findings(tdmvc)
    assert finding["rule"] == "working-copy"
    assert finding["details"]["file"] == "datasets/golden/orders/linked"


def test_a_table_that_is_not_checked_out_is_in_order(tdmvc: Tdmvc, repo: Path) -> None:
    shutil.rmtree(repo / "datasets" / "golden" / "orders")
    shutil.rmtree(repo / ".dvc" / "cache")
    assert _findings(tdmvc, code=0) == []


def test_drift_is_an_error_that_names_the_manifest(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / "migrations" / "0002_more.sql").write_text("ALTER TABLE customers ADD locale text;\n")
    assert _told(_findings(tdmvc)) == {("drift-behind", "datasets/golden/dataset.yaml")}


def test_a_check_uses_no_network_and_does_not_import_dvc(repo: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*words): raise AssertionError('the network was touched')\n"
        "socket.socket.connect = refuse\n"
        "from tdmvc.cli.main import run\n"
        "status = run(['check'])\n"
        "print(sorted({'dvc', 'dvc_data', 'requests', 'pandas'} & set(sys.modules)))\n"
        "sys.exit(status)\n"
    )
    # Without rows and cache there would be something to fetch.
    shutil.rmtree(repo / ".dvc" / "cache")
    shutil.rmtree(repo / "datasets" / "golden" / "orders")
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, "[]", "")


# What was pushed.


def test_missing_objects_are_reported_until_they_are_pushed(tdmvc: Tdmvc, repo: Path) -> None:
    found = _findings(tdmvc, "--pushed")
    assert _told(found) == {
        ("not-on-remote", "datasets/golden/customers.dvc"),
        ("not-on-remote", "datasets/golden/orders.dvc"),
    }
    assert {finding["remedy"] for finding in found} == {"run `tdmvc push golden`."}
    tdmvc("push")
    document = tdmvc("check", "--pushed", "--format", "json").json
    assert (document["findings"], document["remote"], document["objects"]) == ([], "near", 4)
    assert document["commit"] == git(repo, "rev-parse", "HEAD")


def test_an_object_that_the_remote_lost_is_reported(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("push")
    lost = next(p for p in sorted((repo.parent / "near").rglob("*")) if p.is_file() and p.suffix != ".dir")
    lost.unlink()
    assert [finding["rule"] for finding in _findings(tdmvc, "--pushed")] == ["not-on-remote"]


def test_a_fresh_clone_requires_every_part_of_the_pointers(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("push")
    git(repo.parent, "clone", "-q", repo.as_uri(), "clone")
    clone = repo.parent / "clone"
    assert tdmvc("check", "--pushed", "--format", "json", folder=clone).json["objects"] == 4
    lost = next(p for p in sorted((repo.parent / "near").rglob("*")) if p.is_file() and p.suffix != ".dir")
    lost.unlink()
    ran = tdmvc("check", "--pushed", "--format", "json", folder=clone, code=1).json
    assert [finding["rule"] for finding in ran["findings"]] == ["not-on-remote"]


def test_rows_that_only_a_version_names_are_required_too(tdmvc: Tdmvc, repo: Path) -> None:
    source = repo.parent / "orders.csv"
    source.write_text("id,customer\n1,1\n2,2\n3,2\n")
    tdmvc("add", "golden", source)
    git(repo, "commit", "-q", "-a", "-m", "More orders")
    tdmvc("push", "golden")
    found = _findings(tdmvc, "--pushed")
    assert _told(found) == {("not-on-remote", "datasets/golden/versions/1.0.0.yaml")}
    assert {finding["remedy"] for finding in found} == {"run `tdmvc push golden@1.0.0`."}


def test_uncommitted_changes_need_not_be_pushed(tdmvc: Tdmvc, repo: Path) -> None:
    tdmvc("push")
    source = repo.parent / "orders.csv"
    source.write_text("id,customer\n1,1\n2,2\n3,2\n")
    tdmvc("add", "golden", source)
    assert _findings(tdmvc, "--pushed", code=0) == []
    git(repo, "commit", "-q", "-a", "-m", "More orders")
    assert _told(_findings(tdmvc, "--pushed")) == {("not-on-remote", "datasets/golden/orders.dvc")}


def test_without_a_remote_the_error_explains_how_to_add_one(tdmvc: Tdmvc, repo: Path) -> None:
    (repo / ".dvc" / "config").write_text("")
    assert "dvc remote add" in tdmvc("check", "--pushed", code=2).err


# As hooks.


@pytest.fixture
def hooked(repo: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Install the hooks in the repository, from a repository that publishes them; return a way to run Git."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copyfile(HOOKS, hooks / HOOKS.name)
    git(hooks, "init", "-q", "-b", "main")
    git(hooks, "add", "-A")
    git(hooks, "commit", "-q", "-m", "Hooks")
    config = {
        "repos": [
            {
                "repo": str(hooks),
                "rev": git(hooks, "rev-parse", "HEAD"),
                "hooks": [{"id": hook["id"]} for hook in read_yaml(HOOKS)],
            }
        ]
    }
    (repo / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Hooks")
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
    }

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=repo, env=environ, capture_output=True, text=True, check=False)

    installed = call(sys.executable, "-m", "pre_commit", "install", "-t", "pre-commit", "-t", "pre-push")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return call


@pytest.mark.slow
@long_only
def test_the_hooks_stop_an_inconsistent_commit_and_a_push_without_its_rows(
    tdmvc: Tdmvc, repo: Path, hooked: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    refused = hooked("git", "push", "-q", "origin", "main")
    assert refused.returncode != 0
    assert "not-on-remote" in refused.stdout + refused.stderr
    tdmvc("push")
    passed = hooked("git", "push", "-q", "origin", "main")
    assert passed.returncode == 0, passed.stdout + passed.stderr

    pointer = _fetched_pointers(repo)[0]
    good = pointer.read_text()
    pointer.write_text(good + CONFLICT)
    refused = hooked("git", "commit", "-q", "-a", "-m", "Half a merge")
    assert refused.returncode != 0
    assert "conflict-markers" in refused.stdout + refused.stderr
    pointer.write_text(good)
    (repo / "README").write_text("More.\n")
    git(repo, "add", "README")
    passed = hooked("git", "commit", "-q", "-m", "A readme")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "OK: " in passed.stdout + passed.stderr
