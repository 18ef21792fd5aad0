-- Create "orders" table
CREATE TABLE `orders` (`id` integer NOT NULL);
