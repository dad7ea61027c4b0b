import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Linter } from 'eslint';
import { afterEach, describe, expect, it } from 'vitest';
import { noRings } from './no-rings.mjs';

describe('the lint rule against rings', () => {
  const root = mkdtempSync(join(tmpdir(), 'headwater-rings-'));
  afterEach(() => rmSync(root, { recursive: true }));

  /** What is found in each file that something is found in. */
  function lint(files) {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    const config = {
      files: ['**/*.mjs'],
      plugins: { own: noRings({ root, folders: ['code'] }) },
      rules: { 'own/no-rings': 'error' },
    };
    const linter = new Linter({ cwd: root });
    return Object.entries(files).flatMap(([file, text]) =>
      linter.verify(text, config, join(root, file)).map(({ message }) => `${file}: ${message}`),
    );
  }

  it('finds two folders that import one another, in whatever files', () => {
    const found = lint({
      'code/left/a.mjs': "import '../right/a.mjs';",
      'code/left/b.mjs': '',
      'code/right/a.mjs': '',
      'code/right/deep/b.mjs': "export * from '../../left/b.mjs';",
    });
    expect(found).toEqual([
      'code/left/a.mjs: code/left → code/right closes a ring: code/right → code/left (code/right/deep/b.mjs). What both need belongs below or above both.',
      'code/right/deep/b.mjs: code/right → code/left closes a ring: code/left → code/right (code/left/a.mjs). What both need belongs below or above both.',
    ]);
  });

  it('finds longer rings, and what is imported only when it is needed', () => {
    const found = lint({
      'code/one/a.mjs': "import '../two.mjs';",
      'code/two.mjs': "export const load = () => import('./three/a.mjs');",
      'code/three/a.mjs': "import '../one/a.mjs';",
    });
    expect(found).toHaveLength(3);
    expect(found[0]).toContain(
      'code/two.mjs → code/three (code/two.mjs), code/three → code/one (code/three/a.mjs)',
    );
  });

  it('lets a folder and the files beside it go up and down, as long as none comes back', () => {
    const found = lint({
      'code/compose.mjs': "import './left/a.mjs'; import './right/a.mjs';",
      'code/left/a.mjs': "import '../right/a.mjs'; import '../ground.mjs'; import 'node:fs';",
      'code/left/b.mjs': "import './a.mjs';",
      'code/right/a.mjs': "import '../ground.mjs';",
      'code/right/a.test.mjs': "import '../left/a.mjs';",
      'code/ground.mjs': '',
    });
    expect(found).toEqual([]);
  });
});
