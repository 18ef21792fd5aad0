"""Database servers that tdmvc starts and stops itself: PostgreSQL and MariaDB, reachable from this machine only.

A server lives in a folder of its own in the folder for temporary files, belongs to the
process that started it, and is removed with its folder when that process is done. If
the process was killed, the next start of any server finds it, stops it, and removes its folder.
"""

from tdmvc.servers.base import RunningServer, ServerOptions
from tdmvc.servers.mariadb import start_mariadb, stop_mariadb
from tdmvc.servers.mariadb_binaries import MariadbBinaries, find_mariadb
from tdmvc.servers.postgres import has_ended, log_lines, settings_file, start_postgres, stop_postgres
from tdmvc.servers.postgres_binaries import PostgresBinaries, find_postgres, find_system_postgres

__all__ = [
    "MariadbBinaries",
    "PostgresBinaries",
    "RunningServer",
    "ServerOptions",
    "find_mariadb",
    "find_postgres",
    "find_system_postgres",
    "has_ended",
    "log_lines",
    "settings_file",
    "start_mariadb",
    "start_postgres",
    "stop_mariadb",
    "stop_postgres",
]
