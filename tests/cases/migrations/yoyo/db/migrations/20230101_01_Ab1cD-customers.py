"""
Customers
"""

from yoyo import step

__depends__ = {}

steps = [step("CREATE TABLE customers (id INTEGER)", "DROP TABLE customers")]
