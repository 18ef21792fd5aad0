-- Lumen's customers.
CREATE TABLE customers (
    id bigint NOT NULL PRIMARY KEY,
    email varchar(254) NOT NULL UNIQUE,
    name varchar(120) NOT NULL,
    country char(2) NOT NULL,
    created_at timestamptz NOT NULL
);
