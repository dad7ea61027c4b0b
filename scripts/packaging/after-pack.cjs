// The carried runtime brings a default app of its own, which a packaged app must not have.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

module.exports = async ({ appOutDir }) => {
  await fs.promises.rm(path.join(appOutDir, 'resources/default_app.asar'), { force: true });
};
