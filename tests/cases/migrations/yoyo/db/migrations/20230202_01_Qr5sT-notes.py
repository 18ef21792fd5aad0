from yoyo import group, step

BASE = "20230101_01_Ab1cD-customers"

__depends__ = {BASE}
__transactional__ = False


def fill(connection):
    connection.cursor().execute("UPDATE nothing SET x = 1")


group([step("ALTER TABLE customers ADD COLUMN note TEXT"), step(fill)])
