"""Parts of other states: found in the cache by the hashes of their bytes, and without a remote."""

from pathlib import Path

from tdmvc.workspace.states import current_state
from tdmvc.workspace.tables import open_tables
from tdmvc.workspace.workspace import Workspace
from tests.builders import add_tables


def test_parts_that_an_edit_replaced_are_found_again(repo: Path) -> None:
    add_tables(repo, {"customers": "id,name\n1,Ann\n"})
    with Workspace.open(repo) as workspace:
        (old,) = open_tables(workspace, current_state(workspace, "golden"))["customers"].digests.values()
    add_tables(repo, {"customers": "id,name\n1,Eve\n"})
    with Workspace.open(repo) as workspace:
        (new,) = open_tables(workspace, current_state(workspace, "golden"))["customers"].digests.values()
        assert old != new
        found = workspace.store.find_objects([new, old])
        assert found is not None
        assert [path.read_bytes()[:4] for path in found] == [b"PAR1", b"PAR1"]
        assert len(set(found)) == 2
        assert workspace.store.find_objects([old, "0" * 32]) is None
        assert workspace.store.find_objects([]) == []
        found[1].unlink()
        assert workspace.store.find_objects([old]) is None
