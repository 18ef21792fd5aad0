// Each test starts with the rows of the dataset, whatever the test before wrote.
// Run with:  tdmvc run -- node --test
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// A reset after a TRUNCATE has to end idle connections; the pool then opens new ones.
pool.on('error', () => {});

async function count() {
  return (await pool.query('SELECT count(*)::int AS rows FROM orders')).rows[0].rows;
}

beforeEach(async () => {
  const answer = await fetch(`${process.env.TDMVC_ENDPOINT}reset`, { method: 'POST' });
  assert.ok(answer.ok, await answer.text());
});
after(() => pool.end());

let rows;

test('there are orders, and a test may delete them', async () => {
  rows = await count();
  assert.ok(rows > 0);
  await pool.query('TRUNCATE orders CASCADE');
  assert.equal(await count(), 0);
});

test('the next test finds them all again', async () => {
  assert.equal(await count(), rows);
});
