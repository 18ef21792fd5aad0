-- CreateTable
CREATE TABLE "Order" ("id" INTEGER NOT NULL, "customerId" INTEGER NOT NULL);

-- AddForeignKey
ALTER TABLE "Order" ADD CONSTRAINT "Order_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer"("id");
