ALTER TABLE customers DISABLE TRIGGER shout;
INSERT INTO customers (email, name, home)
    SELECT 'c' || i, 'n' || i, ROW('Main "St", ' || i, i)::address FROM generate_series(1, 60) AS i;
ALTER TABLE customers ENABLE TRIGGER shout;
INSERT INTO orders (customer_id, total, doc, at, share)
    SELECT 1 + i % 60, i * 1.25, jsonb_build_object('k', i, 't', repeat('x', i)), '2024-01-01'::timestamptz + i * interval '1 h',
        1.0 / i
    FROM generate_series(1, 400) AS i;
INSERT INTO notes SELECT repeat(md5(i::text), 1 + (i % 5) * 100), decode(md5(i::text), 'hex') FROM generate_series(1, 30) AS i;
INSERT INTO notes SELECT 'twin', NULL FROM generate_series(1, 3);
INSERT INTO slots SELECT int4range(i * 10, i * 10 + 5), 'r' || i FROM generate_series(1, 20) AS i;
INSERT INTO events SELECT i * 7, 'kind ' || i FROM generate_series(0, 60) AS i;
INSERT INTO animals VALUES ('cat'), (NULL);
INSERT INTO dogs VALUES ('rex', 'husky'), ('bo', E'line\nbreak');
INSERT INTO nothing DEFAULT VALUES;
INSERT INTO nothing DEFAULT VALUES;
INSERT INTO "odd % ""name" VALUES (1, 'x'), (2, NULL), (NULL, '');
REFRESH MATERIALIZED VIEW totals;
SELECT nextval('tickets'), nextval('tickets');
