// Each test has a database of its own, so that tests can run side by side.
// Run with:  tdmvc run -- node --test
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IntegreSQLClient } from '@devoxa/integresql-client';
import pg from 'pg';

// The template is there already: tdmvc migrated and seeded it, so the setup is never called.
const integresql = new IntegreSQLClient({ url: process.env.TDMVC_ENDPOINT });
const hash = 'shop';

async function connect() {
  const config = await integresql.getTestDatabase(hash);
  const client = new pg.Client({ connectionString: integresql.databaseConfigToConnectionUrl(config) });
  await client.connect();
  return client;
}

describe('orders', { concurrency: true }, () => {
  for (const number of [1, 2, 3, 4]) {
    test(`test ${number} deletes the orders of its own database`, async () => {
      await integresql.initializeTemplate(hash, () => assert.fail('the template is there'));
      const client = await connect();
      const { rows } = await client.query('SELECT count(*)::int AS rows FROM orders');
      assert.ok(rows[0].rows > 0);
      await client.query('DELETE FROM order_items');
      await client.query('DELETE FROM payments');
      await client.query('DELETE FROM orders');
      await client.end();
    });
  }
});
