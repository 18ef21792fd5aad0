"""The datasets may lie in the repository's root: their files are found as in any other folder."""

from pathlib import Path

from tests.builders import Tdmvc, commit_all


def test_datasets_in_the_root_are_checked_and_published(repo: Path, tdmvc: Tdmvc) -> None:
    config = repo / "tdmvc.yaml"
    config.write_text(config.read_text().replace("datasets: datasets", "datasets: ."))
    source = repo.parent / "orders.csv"
    source.write_text("id,total\n1,10\n2,20\n")
    tdmvc("add", "golden", source, "--key", "orders=id")
    commit_all(repo, "Add orders")
    published = tdmvc("publish", "golden", "1.0.0", "--tag", "--format", "json").json
    assert "golden/versions/1.0.0.yaml" in published["files"]
    checked = tdmvc("check", "--format", "json").json
    assert (checked["tables"], checked["versions"], checked["findings"]) == (1, 1, [])
    assert tdmvc("verify", "--format", "json").json["findings"] == []
    assert "Nothing changed since golden@1.0.0" in tdmvc("publish", "golden", code=2).err
