-- Two candles shared one code, so the pillar candle first gets its own.
UPDATE products SET sku = 'LUM-CND-03' WHERE id = 3;

CREATE UNIQUE INDEX products_sku_key ON products (sku);
