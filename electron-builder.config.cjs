// Packages the desktop app: `npm run package` for this system, `npm run package -- --dir` for a folder to look into.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

/** A folder with Electron unpacked that is to be used instead of a download. */
const named = process.env.ELECTRON_OVERRIDE_DIST_PATH;
const forTrying = process.env.HEADWATER_PACKAGE_CARRIED === 'for-trying-only';

if (named && fs.existsSync(path.join(named, 'resources/carried-runtime')) && !forTrying) {
  throw new Error(
    `${named} is the carried Electron: an old Chromium that gets no fixes and must never be given to users. ` +
      'Unset ELECTRON_OVERRIDE_DIST_PATH on a machine that can download Electron, and package there.',
  );
}

/** @type {import('electron-builder').Configuration} */
module.exports = {
  appId: 'org.headwater.Headwater',
  productName: 'Headwater',
  directories: { output: 'artifacts/packages' },
  extraMetadata: { main: 'dist/main/app/entry.js' },
  ...(named && {
    electronDist: named,
    electronVersion: fs.readFileSync(path.join(named, 'version'), 'utf8').trim().replace(/^v/, ''),
  }),
  // better-sqlite3's addons speak Node-API, which every Electron does: nothing to build again.
  npmRebuild: false,
  asar: true,
  // Native code, and worker threads that load files of their own, have to lie beside the archive.
  asarUnpack: ['**/*.node', 'node_modules/v86/**'],
  files: [
    'dist/main/**',
    'dist/chunks/**',
    'dist/renderer/**',
    'assets/icons/*.png',
    'package.json',
    '!dist/**/*.map',
    '!**/node_modules/better-sqlite3/{deps,src,build}/**',
    '!**/node_modules/better-sqlite3/prebuilds/!(${platform}-${arch}).node',
    '!**/node_modules/node-addon-api/**',
  ],
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },
  // The carried runtime brings this, which a packaged app must not have.
  afterPack: async ({ appOutDir }) => {
    await fs.promises.rm(path.join(appOutDir, 'resources/default_app.asar'), { force: true });
  },
  icon: 'assets/icons/headwater.png',
  linux: {
    target: ['AppImage', 'deb', 'tar.gz'],
    category: 'System;Emulator',
    executableName: 'headwater-app',
    maintainer: 'The Headwater developers',
    synopsis: 'Virtual machines that start at once',
  },
  mac: { target: ['dmg', 'zip'], category: 'public.app-category.utilities', hardenedRuntime: true },
  win: { target: ['nsis'] },
};
