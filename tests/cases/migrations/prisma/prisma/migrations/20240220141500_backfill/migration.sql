UPDATE "Order" SET "customerId" = 0 WHERE "customerId" IS NULL;
