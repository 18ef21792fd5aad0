// Each test has a database of its own, so that tests can run side by side.
// Run with:  tdmvc run -- node --test
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IntegreSQLClient } from '@devoxa/integresql-client';
import pg from 'pg';

// The template is there already: tdmvc migrated and seeded it, so the setup is never called.
const integresql = new IntegreSQLClient({ url: process.env.TDMVC_ENDPOINT });
const hash = 'shop';

describe('payments', { concurrency: true }, () => {
  for (const number of [1, 2, 3, 4]) {
    test(`test ${number} deletes the payments of its own database`, async () => {
      await integresql.initializeTemplate(hash, () => assert.fail('the template is there'));
      const config = await integresql.getTestDatabase(hash);
      const client = new pg.Client({ connectionString: integresql.databaseConfigToConnectionUrl(config) });
      await client.connect();
      try {
        const { rowCount } = await client.query('DELETE FROM payments');
        assert.ok(rowCount > 0);
      } finally {
        await client.end();
      }
    });
  }
});
