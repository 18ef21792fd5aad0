-- Deploy lumen:customers to sqlite

BEGIN;

CREATE TABLE customers (id INTEGER);

COMMIT;
