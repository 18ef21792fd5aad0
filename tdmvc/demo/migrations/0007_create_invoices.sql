-- The books are kept in euro, the invoice shows the buyer's currency as well.
-- exchange_rate is what one euro cost in that currency on the day of the invoice.
CREATE TABLE invoices (
    id bigint NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    number varchar(20) NOT NULL UNIQUE,
    currency char(3) NOT NULL,
    exchange_rate numeric(18,8) NOT NULL CHECK (exchange_rate > 0),
    total numeric(12,2) NOT NULL,
    total_eur numeric(12,2) NOT NULL,
    issued_at timestamptz NOT NULL
);

-- Each line is converted and rounded half up; the total is the sum of the lines.
CREATE TABLE invoice_lines (
    invoice_id bigint NOT NULL REFERENCES invoices (id),
    line_number integer NOT NULL,
    description varchar(200) NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    amount numeric(12,2) NOT NULL,
    amount_eur numeric(12,2) NOT NULL,
    PRIMARY KEY (invoice_id, line_number)
);
