-- A product that is delivered every month. The first order starts it; each later one is a renewal.
CREATE TABLE subscriptions (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    product_id bigint NOT NULL REFERENCES products (id),
    status varchar(20) NOT NULL CHECK (status IN ('active', 'cancelled')),
    started_on date NOT NULL,
    cancelled_at timestamptz
);

-- period_end is the first day that is no longer paid for.
CREATE TABLE renewals (
    id bigint NOT NULL PRIMARY KEY,
    subscription_id bigint NOT NULL REFERENCES subscriptions (id),
    order_id bigint NOT NULL UNIQUE REFERENCES orders (id),
    period_start date NOT NULL,
    period_end date NOT NULL,
    CHECK (period_end > period_start)
);
