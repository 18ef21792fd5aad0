-- atlas:sum ignore
INSERT INTO `customers` VALUES (1);
