// Runs Kysely: the names that its migrator would apply to an empty database, in its order.
'use strict';

const { promises: fs } = require('fs');
const path = require('path');
const { DummyDriver, FileMigrationProvider, Kysely, Migrator, SqliteAdapter, SqliteQueryCompiler } = require('kysely');
const { serve } = require('./serve');

const dialect = {
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: () => ({ getSchemas: async () => [], getTables: async () => [] }),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

serve(async (folder) => {
  const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder });
  const migrations = await new Migrator({ db: new Kysely({ dialect }), provider }).getMigrations();
  return migrations.map((migration) => migration.name);
});
