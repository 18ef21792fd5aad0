// Runs TypeORM: the names that it would store, in its order; it loads the classes and checks them.
'use strict';

const { ConnectionMetadataBuilder } = require('typeorm/connection/ConnectionMetadataBuilder');
const { MigrationExecutor } = require('typeorm/migration/MigrationExecutor');
const { serve } = require('./serve');

serve(async (folder) => {
  const dataSource = {
    options: {},
    logger: { log() {} },
    driver: { options: {}, buildTableName: (name) => name },
  };
  const builder = new ConnectionMetadataBuilder(dataSource);
  dataSource.migrations = await builder.buildMigrations([`${folder}/**/*.{js,ts,cjs,cts}`]);
  return new MigrationExecutor(dataSource).getMigrations().map((migration) => migration.name);
});
