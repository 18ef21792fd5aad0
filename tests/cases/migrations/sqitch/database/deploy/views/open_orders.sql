-- Deploy lumen:views/open_orders to sqlite

BEGIN;

DROP VIEW open_orders;
ALTER TABLE orders ADD COLUMN closed INTEGER;

COMMIT;
