"""A repository whose tables a stage of dvc.yaml makes, and the command that runs the stage."""

import os
import subprocess
import sys
from pathlib import Path

from tests.builders import commit_all, copy_repo

DVC_YAML = """\
stages:
  golden:
    cmd: tdmvc build golden fixtures
    deps: [fixtures, datasets/golden/contract.yaml]
    outs: [datasets/golden/customers, datasets/golden/orders]
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: golden
version: 1.0.0
status: active
schema:
- name: customers
  properties:
  - {name: id, logicalType: integer, primaryKey: true, required: true}
  - {name: name, logicalType: string}
- name: orders
  properties:
  - {name: id, logicalType: integer, primaryKey: true, required: true}
  - {name: customer_id, logicalType: integer, relationships: [{to: customers.id}]}
"""


def reproduce(app: Path, python: Path = Path(sys.executable)) -> None:
    """Run the stage as its developer would, with the tdmvc beside the interpreter on the PATH."""
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    done = subprocess.run(
        [str(python), "-m", "dvc", "repro", "--quiet"],
        cwd=app,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def build_pipeline(template: Path, app: Path, python: Path = Path(sys.executable)) -> Path:
    """Make a repository whose golden dataset a stage makes from CSV files, and commit it."""
    copy_repo(template, app)
    (app / "fixtures").mkdir()
    (app / "fixtures" / "customers.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    (app / "fixtures" / "orders.csv").write_text("id,customer_id\n1,1\n2,2\n3,2\n")
    golden = app / "datasets" / "golden"
    golden.mkdir(parents=True)
    (golden / "dataset.yaml").write_text("format: tdmvc.dataset/1\nname: golden\n")
    (golden / "contract.yaml").write_text(CONTRACT)
    (app / "dvc.yaml").write_text(DVC_YAML)
    reproduce(app, python)
    commit_all(app, "A stage")
    return app
