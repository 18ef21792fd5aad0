CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE TYPE "Size" AS ENUM ('S', 'M');
CREATE DOMAIN positive AS integer NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN short AS varchar(5);
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5) PRIMARY KEY,
    number serial NOT NULL,
    email varchar(254) NOT NULL UNIQUE,
    name text COLLATE "C" DEFAULT 'O''Hara' NOT NULL,
    mood mood DEFAULT 'happy',
    "Size" "Size",
    age positive,
    code short,
    score numeric(10,2) DEFAULT 1.5 CHECK (score >= 0),
    any_number numeric,
    whole numeric(30) DEFAULT 0,
    ratio double precision DEFAULT '-0.5',
    small smallint DEFAULT -1,
    active boolean DEFAULT true NOT NULL,
    tags text[] DEFAULT '{}',
    matrix integer[],
    born date DEFAULT CURRENT_DATE,
    seen timestamp(3) with time zone DEFAULT now(),
    at timestamp,
    t time(2),
    tz timetz,
    bits bit(3),
    many bit varying(5),
    raw bytea DEFAULT '\x00'::bytea,
    doc jsonb DEFAULT '{}'::jsonb,
    uid uuid DEFAULT gen_random_uuid(),
    price money,
    span interval,
    ip inet,
    ch character(3),
    label text GENERATED ALWAYS AS (email || ' ' || name) STORED,
    "Odd, name" integer,
    CONSTRAINT ages CHECK (age IS NULL OR age < 200),
    CONSTRAINT email_name UNIQUE (email, name),
    UNIQUE NULLS NOT DISTINCT (small, active)
);
COMMENT ON TABLE customers IS 'People who''ve bought';
COMMENT ON COLUMN customers.email IS 'Where mail goes';
CREATE TABLE "Order Lines" (
    tenant integer NOT NULL,
    no integer NOT NULL,
    customer bigint REFERENCES customers ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    parent_tenant integer,
    parent_no integer,
    qty integer DEFAULT 1,
    CHECK (qty BETWEEN 1 AND 1000),
    PRIMARY KEY (tenant, no),
    FOREIGN KEY (parent_tenant, parent_no) REFERENCES "Order Lines" (tenant, no) MATCH FULL ON DELETE CASCADE
);
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v text);
CREATE UNIQUE INDEX one_v ON cache (v);
CREATE INDEX by_qty ON "Order Lines" (qty, customer);
CREATE INDEX by_lower ON customers (lower(email)) WHERE active;
