-- Renewal mails are in the customer's language. Existing customers keep English.
ALTER TABLE customers ADD COLUMN locale varchar(10) NOT NULL DEFAULT 'en-GB';
