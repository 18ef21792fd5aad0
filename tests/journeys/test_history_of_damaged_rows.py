"""History stops at rows that are damaged, and says which."""

from collections.abc import Callable
from pathlib import Path

from tests.builders import Ran, git


def test_a_damaged_part_is_named_once_with_its_commit(
    repo: Path, tmp_path: Path, tdmvc: Callable[..., Ran]
) -> None:
    source = tmp_path / "orders.csv"
    source.write_text("id,total\n1,5\n2,6\n")
    tdmvc("add", "golden", source, "--key", "orders=id")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Rows")
    head = git(repo, "rev-parse", "HEAD")
    for part in (repo / ".dvc" / "cache" / "files" / "md5").rglob("*"):
        if part.is_file() and part.suffix != ".dir":
            part.chmod(0o644)
            part.write_bytes(b"damaged")
    output = tdmvc("blame", "golden", "orders", code=6).err
    assert f"golden@{head[:10]}/orders " in output
    assert "orders/orders" not in output
