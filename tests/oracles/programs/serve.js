// Answers one question a line: a folder as a JSON string in, what a tool makes of it as JSON out.
'use strict';

const readline = require('node:readline');

// Standard output carries answers alone, whatever the tools have to say.
console.log = console.info = console.error;

// Migrations in the tests are plain JavaScript under any ending.
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
