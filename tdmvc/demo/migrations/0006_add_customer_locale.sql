-- Renewal mails speak the customer's language. Who came before was written to in English.
ALTER TABLE customers ADD COLUMN locale varchar(10) NOT NULL DEFAULT 'en-GB';
