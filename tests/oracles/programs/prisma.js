// Asks Node.js in which order it puts folders: Prisma lists them in JavaScript and sorts them by this very call.
// Prisma itself is not asked, for all that its package needs is large and none of it has a part in this.
'use strict';

const { readdir } = require('node:fs/promises');
const { serve } = require('./serve');

serve(async (folder) => {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort((a, b) => a.localeCompare(b));
});
