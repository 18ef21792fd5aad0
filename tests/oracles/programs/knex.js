// Runs Knex: the names that it would store, in its order, after its own check of each migration.
'use strict';

const { Migrator } = require('knex/lib/migrations/migrate/Migrator');
const { FsMigrations } = require('knex/lib/migrations/migrate/sources/fs-migrations');
const { serve } = require('./serve');

serve(async (folder) => {
  const source = new FsMigrations(folder, false);
  // A migrator without a database can still check migrations.
  const migrator = Object.assign(Object.create(Migrator.prototype), { config: { migrationSource: source } });
  const migrations = await source.getMigrations();
  for (const migration of migrations) await migrator._validateMigrationStructure(migration);
  return migrations.map((migration) => source.getMigrationName(migration));
});
