-- The products that Lumen sells: candles, lamps and bulbs. Prices are in euro, tax included.
CREATE TABLE products (
    id bigint NOT NULL PRIMARY KEY,
    sku varchar(20) NOT NULL,
    name varchar(120) NOT NULL,
    price numeric(10,2) NOT NULL CHECK (price >= 0),
    is_active boolean NOT NULL DEFAULT true
);
