-- Two candles had been sold under one code; the pillar candle gets its own first.
UPDATE products SET sku = 'LUM-CND-03' WHERE id = 3;

CREATE UNIQUE INDEX products_sku_key ON products (sku);
