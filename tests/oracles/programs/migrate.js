// Runs the migrations of a folder on a PostgreSQL database: `node migrate.js TOOL FOLDER URL`.
'use strict';

const { promises: fs } = require('fs');
const path = require('path');

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const tools = {
  async knex(folder, url) {
    const knex = require('knex')({ client: 'pg', connection: url, migrations: { directory: folder } });
    await knex.migrate.latest();
    await knex.destroy();
  },
  async kysely(folder, url) {
    const { FileMigrationProvider, Kysely, Migrator, PostgresDialect } = require('kysely');
    const { Pool } = require('pg');
    const db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
    const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder });
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    await db.destroy();
    if (error) throw error;
  },
  async 'node-pg-migrate'(folder, url) {
    const { runner } = await import('node-pg-migrate');
    const options = { direction: 'up', count: Infinity, migrationsTable: 'pgmigrations', logger: silent };
    await runner({ ...options, databaseUrl: url, dir: folder });
  },
  async typeorm(folder, url) {
    const { DataSource } = require('typeorm');
    const source = await new DataSource({ type: 'postgres', url, migrations: [`${folder}/*.js`] }).initialize();
    await source.runMigrations();
    await source.destroy();
  },
  async drizzle(folder, url) {
    const { drizzle } = require('drizzle-orm/node-postgres');
    const { migrate } = require('drizzle-orm/node-postgres/migrator');
    const { Pool } = require('pg');
    const pool = new Pool({ connectionString: url });
    await migrate(drizzle(pool), { migrationsFolder: folder });
    await pool.end();
  },
};

const [tool, folder, url] = process.argv.slice(2);
tools[tool](folder, url).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
