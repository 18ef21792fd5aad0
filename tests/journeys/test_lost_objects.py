"""A cache that lost an object gets it back from the working copy, which still has the same bytes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def cache(tdmvc: Callable[..., Any], repo: Path, tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,1\n2,2\n")
    tdmvc("add", "golden", path, "--key", "t=id")
    return repo / ".dvc/cache/files/md5"


def test_a_damaged_part_is_restored_without_a_remote(tdmvc, cache):
    part = next(path for path in cache.rglob("*") if path.is_file() and path.suffix != ".dir")
    part.chmod(0o644)
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    assert tdmvc("verify", code=1).code == 1
    tdmvc("pull")
    assert tdmvc("verify").code == 0


def test_a_lost_cache_is_restored_from_a_clean_working_copy(tdmvc, cache):
    shutil.rmtree(cache)
    tdmvc("sql", "select * from t", code=6)
    tdmvc("pull")
    assert tdmvc("sql", "select n from t order by id", "--format", "json").json["rows"] == [[1], [2]]
    assert tdmvc("verify").code == 0


def test_an_edited_working_copy_restores_nothing(tdmvc, repo, cache):
    shutil.rmtree(cache)
    part = next((repo / "datasets/golden/t").iterdir())
    part.write_bytes(part.read_bytes() + b"x")
    failed = tdmvc("pull", code=6)
    assert "is missing" in failed.err
