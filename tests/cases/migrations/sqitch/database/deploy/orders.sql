-- Deploy lumen:orders to sqlite

BEGIN;

CREATE TABLE orders (id INTEGER, customer_id INTEGER);

COMMIT;
