CREATE TABLE "scratch" ("id" serial);
