CREATE TABLE "customers" ("id" serial);
