-- Deploy lumen:loyalty to sqlite

BEGIN;

CREATE TABLE loyalty_points (customer_id INTEGER);

COMMIT;
