"""What the process does that keeps an environment: it provides it, says so, and waits to be stopped."""

import io
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime

from tdmvc.environments.keeper.records import Records
from tdmvc.environments.running.provide import EnvironmentOptions, RunningEnvironment, provided
from tdmvc.environments.running.services import EndedServices
from tdmvc.errors import DatabaseError, TdmvcError
from tdmvc.model.environment import Environment, RunStep
from tdmvc.model.environment_report import KeptEnvironment
from tdmvc.workspace.workspace import Workspace

_LOOK_SECONDS = 0.2

Announcement = Mapping[str, object]


def keep_environment(
    workspace: Workspace, environment: Environment, name: str, options: EnvironmentOptions, announce_to: int
) -> None:
    """Provide an environment until a signal ends this process, or somebody removes its record.

    Args:
        name: of the record.
        announce_to: a descriptor that gets a JSON object in a line for each step, each warning, and the result.
    """
    announce = _Announcer(announce_to)

    def on_step(step_name: str, step: RunStep | None) -> None:
        announce({"step": asdict(step) if step is not None else None, "name": step_name})

    workspace.warn = lambda message: announce({"warning": message})
    options = replace(
        options, on_step=on_step, on_output=lambda line: announce({"output": line}), has_endpoint=True
    )
    records = Records(workspace.root)
    try:
        with records.keeping(name), provided(workspace, environment, options) as running:
            kept = _kept(name, running)
            records.write(kept)
            announce({"ready": True})
            announce.close()
            workspace.warn = _print
            _wait(records, kept, running)
    except TdmvcError as error:
        announce(
            {
                "error": type(error).__name__,
                "what": error.what,
                "where": error.where,
                "remedy": error.remedy,
                "details": list(error.details),
            }
        )
        raise


class _Announcer:
    """Writes to whoever started this process, for as long as it reads."""

    def __init__(self, descriptor: int) -> None:
        self._file: io.FileIO | None = io.FileIO(descriptor, "w")

    def __call__(self, message: Announcement) -> None:
        if self._file is not None:
            try:
                self._file.write(json.dumps(message).encode() + b"\n")
            except OSError:
                # The other process was ended; this one goes on.
                self.close()

    def close(self) -> None:
        """Write nothing any more."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _kept(name: str, running: RunningEnvironment) -> KeptEnvironment:
    return KeptEnvironment(
        name,
        running.environment.name,
        str(running.database.location),
        running.refs,
        running.key.digest,
        datetime.now(UTC).isoformat(timespec="seconds"),
        running.template_bytes,
        services={one.name: one.planned.port for one in running.services},
        process=os.getpid(),
        exports=running.exports,
        schema=running.key.schema,
        rows=running.key.rows,
    )


def _wait(records: Records, kept: KeptEnvironment, running: RunningEnvironment) -> None:
    services = EndedServices(running.services, _print)
    # Without its record, as after the repository was deleted, nobody could stop it any more.
    while True:
        found = records.read(kept.name)
        if not records.is_recorded(kept.name):
            return
        if found != kept:
            # It was damaged: nobody else writes it while this process holds the lock.
            records.write(kept)
        services.look()
        time.sleep(_LOOK_SECONDS)


def _print(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def error_of(message: Announcement) -> TdmvcError:
    """Return the error that a keeping process announced."""
    classes: dict[str, type[TdmvcError]] = {}
    pending: list[type[TdmvcError]] = [TdmvcError]
    while pending:
        one = pending.pop()
        classes[one.__name__] = one
        pending += one.__subclasses__()
    details = message["details"]
    chosen = classes.get(str(message["error"]), DatabaseError)
    return chosen(
        str(message["what"]),
        where=str(message["where"]),
        remedy=str(message["remedy"]),
        details=[str(one) for one in details] if isinstance(details, list) else [],
    )
