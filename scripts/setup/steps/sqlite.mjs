// better-sqlite3's addon. Its prebuilt one is used where this Node can load it, else it is built once and kept in the
// cache, so that a fresh node_modules costs a copy.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../command.mjs';
import { fingerprint, readStamp } from '../fingerprint.mjs';
import { CACHE, ROOT } from '../paths.mjs';
import { SetupProblem } from '../problem.mjs';

const PACKAGE = 'node_modules/better-sqlite3';
const COMPAT_HEADER = 'scripts/offline/napi-compat.h';
const STAMP = join(ROOT, PACKAGE, '.headwater-setup');
const BUILD = join(ROOT, PACKAGE, 'build');
const ADDON = join(BUILD, 'Release/better_sqlite3.node');
/** Compilers take the last of the levels they are given, and these come last. */
const QUICK = '-O1';
const REMEDY =
  'Building it needs a C++20 compiler, make and Python 3 (Debian: g++ make python3), and the header files of Node; ' +
  'the log says what was missing. Then run the same command again.';

const sources = () => fingerprint(ROOT, [`${PACKAGE}/package.json`, COMPAT_HEADER], process.arch);
const wanted = () => `${sources()} ${process.platform} ${process.versions.modules}`;

export const sqliteStep = {
  id: 'sqlite',
  title: 'SQLite',
  isDone: () => readStamp(STAMP) === wanted(),

  async run({ tell, detail }) {
    if (!loads()) {
      const cached = join(CACHE, `better-sqlite3-${sources().slice(0, 16)}.node`);
      if (!existsSync(cached)) {
        tell('its prebuilt addon does not run here: building it, which takes a minute or two');
        await build(detail);
        mkdirSync(CACHE, { recursive: true });
        copyFileSync(ADDON, `${cached}.unfinished`);
        renameSync(`${cached}.unfinished`, cached);
      }
      // Only the addon is kept of a build of 100 MB.
      rmSync(BUILD, { recursive: true, force: true });
      mkdirSync(dirname(ADDON), { recursive: true });
      copyFileSync(cached, ADDON);
      if (!loads()) {
        rmSync(cached);
        throw new SetupProblem('the SQLite addon was built but does not load', REMEDY);
      }
    }
    writeFileSync(STAMP, `${wanted()}\n`);
  },
};

/** In a process of its own: an addon that does not fit may end the process that loads it. */
function loads() {
  const program = `new (require(${JSON.stringify(join(ROOT, PACKAGE))}))(':memory:').close()`;
  return spawnSync(process.execPath, ['-e', program], { stdio: 'ignore' }).status === 0;
}

async function build(onLine) {
  const compat = join(ROOT, COMPAT_HEADER);
  // Node's own header files where they were installed with it; node-gyp downloads them otherwise.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  const nodeGyp = join(ROOT, 'node_modules/node-gyp/bin/node-gyp.js');
  const args = ['rebuild', '--release', '--force_build=1', ...headers, '-j', 'max'];
  await runCommand(process.execPath, [nodeGyp, ...args], {
    cwd: join(ROOT, PACKAGE),
    onLine,
    remedy: REMEDY,
    // What is kept is small: a build in a third of the time counts for more than the quickest code.
    env: { CFLAGS: QUICK, CXXFLAGS: `${QUICK} -fno-lto -UNAPI_VERSION -DNAPI_VERSION=8 -include ${compat}` },
  });
}
