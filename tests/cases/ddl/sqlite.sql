CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(254) NOT NULL UNIQUE,
    [odd name] TEXT COLLATE NOCASE DEFAULT 'O''Hara',
    score DECIMAL(10,2) DEFAULT 1.50 CHECK (score >= 0),
    age INT DEFAULT -1,
    active BOOLEAN DEFAULT 1,
    at DATETIME DEFAULT CURRENT_TIMESTAMP,
    day DATE,
    raw BLOB,
    untyped,
    label TEXT GENERATED ALWAYS AS (email || score) STORED,
    twice INT AS (age * 2),
    CONSTRAINT ages CHECK (age < 200), -- a comment, with a comma
    CONSTRAINT two UNIQUE (email, age)
);
CREATE TABLE lines (
    tenant INTEGER, no INTEGER, customer INTEGER REFERENCES customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    "parent tenant" INTEGER, parent_no INTEGER,
    PRIMARY KEY (tenant, no),
    FOREIGN KEY ("parent tenant", parent_no) REFERENCES LINES (tenant, no)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX one_day ON customers (day);
CREATE INDEX lower_email ON customers (lower(email)) WHERE active;
CREATE TRIGGER t AFTER INSERT ON customers BEGIN UPDATE customers SET age = CASE WHEN 1 THEN 2 END; SELECT 1; END;
CREATE VIEW v AS SELECT * FROM customers;
