// Runs node-pg-migrate: the names that it would store in an empty database, in its order.
'use strict';

const { serve } = require('./serve');

const dbClient = { query: async () => ({ rows: [], rowCount: 0 }), connect: async () => {}, end: async () => {} };
const silent = () => {};
const logger = { debug: silent, info: silent, warn: silent, error: silent };

serve(async (folder) => {
  const { runner } = await import('node-pg-migrate');
  const options = { checkOrder: false, count: Infinity, direction: 'up', dryRun: true, migrationsTable: 'm', noLock: true };
  const migrations = await runner({ ...options, dbClient, dir: folder, logger });
  return migrations.map((migration) => migration.name);
});
