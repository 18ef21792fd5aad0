-- Create "customers" table
CREATE TABLE `customers` (`id` integer NOT NULL);
