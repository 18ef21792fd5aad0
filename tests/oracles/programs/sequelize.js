// Runs Sequelize's command line: it applies every migration without a database, and lists them in its order.
'use strict';

const generic = require('sequelize-cli/lib/helpers/generic-helper');
const { serve } = require('./serve');

class NoDatabase {
  getQueryInterface() {
    return {};
  }
  async authenticate() {}
}

generic.getSequelize = () => NoDatabase;
const helpers = require('sequelize-cli/lib/helpers/index').default;

let folder;
helpers.config.readConfig = () => ({});
helpers.umzug.getStorage = () => 'none';
helpers.version.getDialectName = () => 'none';
helpers.path.getPath = () => folder;
helpers.view.log = () => {};
helpers.view.error = (error) => {
  throw error;
};

const { getMigrator } = require('sequelize-cli/lib/core/migrator');

serve(async (path) => {
  folder = path;
  const migrator = await getMigrator('migration', { url: 'none:' });
  return (await migrator.up()).map((migration) => migration.file);
});
