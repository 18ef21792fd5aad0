// Runs Node.js: the order of folders, which Prisma lists in JavaScript and sorts by this same call.
// Prisma itself does not run: its package is large, and the rest of it is not involved.
'use strict';

const { readdir } = require('node:fs/promises');
const { serve } = require('./serve');

serve(async (folder) => {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort((a, b) => a.localeCompare(b));
});
