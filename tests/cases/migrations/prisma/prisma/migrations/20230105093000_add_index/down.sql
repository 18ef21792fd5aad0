DROP INDEX "Customer_email_key";
