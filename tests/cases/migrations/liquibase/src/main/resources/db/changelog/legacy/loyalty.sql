
-- Liquibase formatted SQL

--changeset "Jo Berg":"points v1" labels:loyalty
CREATE TABLE loyalty_points (customer_id bigint);
--rollback DROP TABLE loyalty_old;

-- changeset mira:tiers:2 splitStatements:false logicalFilePath:loyalty/tiers.sql
-- comment: Tiers
ALTER TABLE loyalty_points ADD tier int;
/* liquibase rollback
ALTER TABLE loyalty_points DROP COLUMN tier;
*/
--ignoreLines:start
--changeset nobody:never
DROP TABLE loyalty_points;
--ignoreLines:end
