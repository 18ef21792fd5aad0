-- Orders of customers
-- depends: 20230101_01_Ab1cD-customers

CREATE TABLE orders (id INTEGER, customer_id INTEGER);
