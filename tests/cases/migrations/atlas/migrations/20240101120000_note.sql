-- atlas:txmode none

ALTER TABLE `orders` ADD COLUMN `note` text;
