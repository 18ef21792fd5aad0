"""`verify` returns each state with its content hash, and a finding for whatever is missing or damaged."""

from pathlib import Path

from tdmvc.actions.push import push
from tdmvc.actions.verify import verify
from tdmvc.workspace.workspace import Workspace
from tests.actions.rows import commit_orders
from tests.builders import add_remotes


def test_intact_states_have_a_content_hash_and_no_finding(workspace: Workspace) -> None:
    report = verify(workspace)
    assert report.findings == ()
    assert [(state.ref, state.tables) for state in report.verified] == [("golden", 2), ("golden@1.0.0", 2)]
    assert len({state.content for state in report.verified}) == 1


def test_a_missing_part_that_no_working_copy_has_is_an_error(workspace: Workspace) -> None:
    old = workspace.store.listing(current_object(workspace), "golden/orders")
    commit_orders(workspace, "Pay", _10="paid")
    Path(workspace.store.objects.path(old.entries[0].md5)).unlink()
    report = verify(workspace, ["golden@1.0.0"])
    assert [(finding.rule, finding.table) for finding in report.findings] == [("part", "orders")]
    assert report.verified[0].content is None


def current_object(workspace: Workspace) -> str:
    """Return the object that the pointer of orders names."""
    text = (workspace.working_copy("golden") / "orders.dvc").read_text()
    return text.split("md5: ")[1].split()[0]


def test_the_remote_is_queried_only_on_request(app: Path) -> None:
    add_remotes(app, "origin")
    with Workspace.open(app) as workspace:
        assert verify(workspace).findings == ()
        before = verify(workspace, remote=True).findings
        assert {finding.rule for finding in before} == {"not-on-remote"}
        sent = push(workspace)
        assert (sent.moved, sent.remotes) == (sent.objects, ("origin",))
        assert verify(workspace, remote=True, is_deep=True).findings == ()
