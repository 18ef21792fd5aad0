"""Rows of the sample repository, and ways to add and read others."""

from tdmvc.actions.add import add
from tdmvc.actions.query import query
from tdmvc.model.location import PathLocation
from tdmvc.model.options import AddOptions
from tdmvc.model.report import AddReport
from tdmvc.workspace.workspace import Workspace
from tests.builders import commit_all

CUSTOMERS = "id,name\n1,Ann\n2,Bob\n"
ORDERS = "id,customer_id,status\n10,1,open\n11,2,paid\n12,2,open\n"


def add_csv(workspace: Workspace, table: str, text: str, options: AddOptions | None = None) -> AddReport:
    """Replace a table of golden by the rows of a CSV text."""
    source = workspace.root.parent / f"{table}.csv"
    source.write_text(text)
    return add(workspace, "golden", [PathLocation(source)], options)


def commit_orders(workspace: Workspace, message: str, **statuses: str) -> str:
    """Commit orders with other statuses (`_10="paid"`), and return the commit."""
    text = ORDERS
    for key, status in statuses.items():
        id_ = key.removeprefix("_")
        text = "".join(
            f"{line.rpartition(',')[0]},{status}\n" if line.startswith(f"{id_},") else line
            for line in text.splitlines(keepends=True)
        )
    add_csv(workspace, "orders", text)
    return commit_all(workspace.root, message)


def statuses(workspace: Workspace, at: str | None = None) -> dict[object, object]:
    """Return the status of each order."""
    rows = query(workspace, "select id, status from golden.orders order by id", at=at).rows
    return {row[0]: row[1] for row in rows}
