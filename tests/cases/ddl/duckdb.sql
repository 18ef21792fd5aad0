CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
CREATE SEQUENCE numbers START 5 INCREMENT 2;
CREATE TABLE customers (
    id BIGINT PRIMARY KEY,
    n INTEGER DEFAULT nextval('numbers'),
    email VARCHAR NOT NULL UNIQUE,
    m mood,
    score DECIMAL(10,2) DEFAULT 1.5 CHECK (score >= 0),
    d DECIMAL,
    active BOOLEAN DEFAULT true,
    moment TIMESTAMP DEFAULT now(),
    z TIMESTAMPTZ,
    s TIMESTAMP_S,
    tags VARCHAR[],
    u UUID,
    j JSON,
    h HUGEINT,
    raw BLOB,
    t UTINYINT DEFAULT 3,
    twice BIGINT GENERATED ALWAYS AS (id * 2),
    "odd name" VARCHAR COLLATE NOCASE,
    CHECK (id > 0),
    UNIQUE (email, score)
);
CREATE TABLE lines (tenant INTEGER, no INTEGER, customer BIGINT REFERENCES customers (id), PRIMARY KEY (tenant, no));
CREATE UNIQUE INDEX one_z ON customers (z);
CREATE INDEX by_at ON customers (moment, s);
COMMENT ON TABLE customers IS 'People';
COMMENT ON COLUMN customers.email IS 'Where mail goes';
