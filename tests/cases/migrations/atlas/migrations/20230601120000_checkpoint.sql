-- atlas:checkpoint v1

CREATE TABLE `customers` (`id` integer NOT NULL);
CREATE TABLE `orders` (`id` integer NOT NULL);
