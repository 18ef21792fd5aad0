-- Deploy lumen:returns to sqlite

BEGIN;

CREATE TABLE returns (id INTEGER);

COMMIT;
