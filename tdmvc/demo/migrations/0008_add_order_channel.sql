-- Where an order came from. Renewals place their own orders.
ALTER TABLE orders ADD COLUMN channel varchar(20) NOT NULL DEFAULT 'web';

UPDATE orders SET channel = 'subscription' WHERE id IN (SELECT order_id FROM renewals);
