// Runs Drizzle: what it applies to an empty database, and to databases at each earlier entry.
'use strict';

const { readMigrationFiles } = require('drizzle-orm/migrator');
const { SQLiteSyncDialect } = require('drizzle-orm/sqlite-core');
const { serve } = require('./serve');

// What the dialect inserts after each migration shows which one it ran.
function runs(migrations, latest) {
  const dialect = new SQLiteSyncDialect();
  const ran = [];
  const session = {
    values: () => (latest === undefined ? [] : [[1, '', latest]]),
    run: (statement) => {
      const { sql, params } = dialect.sqlToQuery(statement);
      if (sql.trimStart().startsWith('INSERT INTO "__drizzle_migrations"')) ran.push(params[0]);
    },
  };
  dialect.migrate(migrations, session, {});
  return ran;
}

serve(async (folder) => {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  const skipped = [];
  let latest;
  migrations.forEach((migration, position) => {
    // A database that was brought up with every commit: each entry comes alone, after those before it.
    if (!runs(migrations.slice(position, position + 1), latest).length) skipped.push(position);
    latest = latest === undefined ? migration.folderMillis : Math.max(latest, migration.folderMillis);
  });
  return { ran: runs(migrations), skipped };
});
