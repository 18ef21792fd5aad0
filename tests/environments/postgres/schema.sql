-- A schema with everything that makes it hard to restore single rows.
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE address AS (street text, number positive);

CREATE TABLE customers (
    id serial PRIMARY KEY,
    email text NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED,
    name char(8),
    mood mood DEFAULT 'good',
    home address,
    tags text[] DEFAULT '[2:3]={a,NULL}'
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer REFERENCES customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    gone integer,
    total numeric(12, 4),
    twice numeric GENERATED ALWAYS AS (total * 2) STORED,
    doc jsonb,
    at timestamptz,
    share double precision
);
ALTER TABLE orders DROP COLUMN gone;
CREATE INDEX ON orders (customer_id) WHERE total > 10;
CREATE INDEX ON orders USING gin (doc);
CREATE TABLE notes (body text, bytes bytea);
ALTER TABLE notes ALTER body SET STORAGE EXTERNAL;
CREATE TABLE slots (during int4range, room text, EXCLUDE USING gist (during WITH &&));
CREATE TABLE events (id integer, kind text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (100);
CREATE TABLE events_high (kind text, id integer NOT NULL);
ALTER TABLE events ATTACH PARTITION events_high FOR VALUES FROM (100) TO (1000);
CREATE TABLE animals (name text);
CREATE TABLE dogs (breed text) INHERITS (animals);
CREATE TABLE nothing ();
CREATE TABLE "odd % ""name" ("a % b" integer, "Null" text);
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
CREATE SEQUENCE tickets MINVALUE 0 START 5 INCREMENT 3;
CREATE SEQUENCE descending INCREMENT -1;

CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.email := upper(NEW.email);
    INSERT INTO notes (body) VALUES ('customer ' || NEW.email);
    RETURN NEW;
END $$;
CREATE TRIGGER shout BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION shout();
