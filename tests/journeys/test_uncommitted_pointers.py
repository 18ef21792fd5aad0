"""Rows that were added but not committed survive a checkout of something else."""

from tests.builders import git


def test_a_checkout_keeps_what_was_added_and_not_committed(tdmvc, repo, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,1\n")
    tdmvc("add", "golden", path, "--key", "t=id")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Rows")
    tdmvc("publish", "golden", "1.0.0")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Publish")
    path.write_text("id,n\n1,2\n")
    tdmvc("add", "golden", path)
    content = tdmvc("show", "golden", "--format", "json").json["content"]
    (repo / "staged.txt").write_text("mine\n")
    git(repo, "add", "staged.txt")

    done = tdmvc("checkout", "golden@1.0.0")

    assert "golden@tdmvc/replaced/golden" in done.out
    assert git(repo, "status", "--porcelain") == "A  staged.txt"
    assert tdmvc("show", "golden", "--format", "json").json["content"] != content
    tdmvc("checkout", "golden@tdmvc/replaced/golden")
    assert tdmvc("show", "golden", "--format", "json").json["content"] == content
    assert tdmvc("sql", "select n from t", "--format", "json").json["rows"] == [[2]]


def test_a_checkout_of_a_committed_state_keeps_no_snapshot(tdmvc, repo, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,1\n")
    tdmvc("add", "golden", path, "--key", "t=id")
    tdmvc("publish", "golden", "1.0.0")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Rows")
    tdmvc("yank", "golden@1.0.0", "--reason", "Wrong")  # a file that a checkout leaves alone
    assert "replaced" not in tdmvc("checkout", "golden@1.0.0").out
    assert git(repo, "for-each-ref", "refs/tdmvc") == ""
