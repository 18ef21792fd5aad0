-- Each attempt to pay an order has its own row, so that a retry leaves a trace.
CREATE TABLE payments (
    id bigint NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    attempt integer NOT NULL CHECK (attempt > 0),
    method varchar(20) NOT NULL CHECK (method IN ('card', 'paypal', 'sepa_debit')),
    status varchar(20) NOT NULL CHECK (status IN ('succeeded', 'failed')),
    amount numeric(10,2) NOT NULL,
    failure_code varchar(40),
    created_at timestamptz NOT NULL,
    UNIQUE (order_id, attempt),
    CHECK ((status = 'failed') = (failure_code IS NOT NULL))
);
