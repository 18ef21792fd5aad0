-- Deploy lumen:views/open_orders to sqlite

BEGIN;

CREATE VIEW open_orders AS SELECT * FROM orders;

COMMIT;
