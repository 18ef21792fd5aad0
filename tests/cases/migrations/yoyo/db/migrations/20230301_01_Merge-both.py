"""Bring both branches together"""

from yoyo import step

__depends__ = {"20230201_01_Xy9zZ-orders", "20230202_01_Qr5sT-notes"}

step(
    """
    INSERT INTO orders (id, customer_id) SELECT id, id FROM customers
    """,
)
