// Reads a folder as a JSON string from each line, and prints what a tool finds in it as JSON.
'use strict';

const readline = require('node:readline');

// Standard output has only answers, whatever the tools print.
console.log = console.info = console.error;

// Migrations in the tests are plain JavaScript with any ending.
require.extensions['.ts'] = require.extensions['.cts'] = require.extensions['.js'];

exports.serve = async (answer) => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let said;
    try {
      said = { ids: await answer(JSON.parse(line)) };
    } catch (error) {
      said = { refusal: String(error.message || error) };
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
};
