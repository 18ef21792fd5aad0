// Runs Umzug: it applies every migration without a database, and lists them in its order.
'use strict';

const { Umzug } = require('umzug');
const { serve } = require('./serve');

const NOTHING_STORED = { executed: async () => [], logMigration: async () => {}, unlogMigration: async () => {} };

serve(async (folder) => {
  const migrations = { glob: ['*.{js,cjs}', { cwd: folder }] };
  const umzug = new Umzug({ migrations, context: {}, storage: NOTHING_STORED, logger: undefined });
  return (await umzug.up()).map((migration) => migration.name);
});
