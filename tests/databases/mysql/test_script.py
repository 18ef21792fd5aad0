"""Scripts that run in MySQL."""

from dataclasses import replace

from tdmvc.databases import find_target_engine
from tdmvc.model.location import ServerLocation
from tests.servers import DatabaseServer


def test_a_script_reaches_the_server_as_reading_and_seeding_do(
    mariadb_server: DatabaseServer, mariadb_database: ServerLocation
) -> None:
    query = (("socket", str(mariadb_server.running.socket)),)
    by_socket = replace(mariadb_database, host="", port=None, query=query)
    with find_target_engine(by_socket).open_script(by_socket) as script:
        script.execute(b"CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2)")
    with mariadb_server.connect(mariadb_database.database) as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT id FROM a") == 2
