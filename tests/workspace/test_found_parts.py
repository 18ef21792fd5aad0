"""Parts of other states: found in any listing that this clone has written, and without a remote."""

from pathlib import Path

from tdmvc.workspace.states import current_state
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.workspace import Workspace
from tests.builders import add_tables


def test_parts_that_an_edit_replaced_are_found_again(repo: Path) -> None:
    add_tables(repo, {"customers": "id,name\n1,Ann\n"})
    with Workspace.open(repo) as workspace:
        (old,) = open_tables(workspace, current_state(workspace, "golden"))["customers"].parts
    add_tables(repo, {"customers": "id,name\n1,Eve\n"})
    with Workspace.open(repo) as workspace:
        (new,) = open_tables(workspace, current_state(workspace, "golden"))["customers"].parts
        assert old != new
        found = workspace.store.find_parts([new, old])
        assert found is not None
        assert [path.read_bytes()[:4] for path in found] == [b"PAR1", b"PAR1"]
        assert len(set(found)) == 2
        assert workspace.store.find_parts([old, "no such part"]) is None
        assert workspace.store.find_parts([]) == []
        found[1].unlink()
        assert workspace.store.find_parts([old]) is None
