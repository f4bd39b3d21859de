import { execFile } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linkInstalled } from '../support/lanes/checkout.ts';
import { run } from '../support/lanes/command.ts';
import { ROOT } from '../support/lanes/paths.ts';

const LONG_PATH = 160;
const TIMEOUT = 1_200_000;
const LEFT_OUT = ['.git', '.bench', '.e2e', '.lanes', 'node_modules'];

/** Tests that look at paths, start programs, bundle, or write files. */
const TESTS = [
  'test/architecture.test.ts',
  'test/sdk/loading/module-hooks.test.ts',
  'test/code',
  'test/telemetry/content/content-store.test.ts',
  'test/docs/api-reference.test.ts',
  'test/doctor/command.test.ts',
  'test/entries/units/register.test.ts',
  'viewer/test/html-trace.test.ts',
  'test/size/size.test.ts',
];

const PROJECTS = ['--project', 'units', '--project', 'processes'];

interface User {
  readonly uid: number;
  readonly gid: number;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'place-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('tests pass in a checkout with a long path, below src, with spaces and non-ASCII letters, for any user', async () => {
  expect(TESTS.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const checkout = copyTo(longPathBelow(join(folder, 'src', 'with space ü')));
  const user = await findOtherUser();
  if (user !== undefined) giveTo(user);
  const vitest = join(checkout, 'node_modules', 'vitest', 'vitest.mjs');
  const parameters = ['run', ...PROJECTS, ...TESTS];
  const { code, stdout, stderr } = await run(process.execPath, [vitest, ...parameters], {
    cwd: checkout,
    env: {
      HOME: folder,
      TMPDIR: folder,
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      npm_config_cache: join(folder, 'npm'),
    },
    timeout: TIMEOUT,
    ...user,
  });
  expect(`${stdout}${stderr}`).toMatch(/^[1-9]\d+ passed, 0 failed$/m);
  expect(code).toBe(0);
});

function longPathBelow(parent: string): string {
  const missing = Math.max(1, LONG_PATH - parent.length - 1);
  return join(parent, 'x'.repeat(missing));
}

/** A copy of this checkout, whose packages are links to those that are installed here. */
function copyTo(checkout: string): string {
  mkdirSync(checkout, { recursive: true });
  for (const name of readdirSync(ROOT).filter((entry) => !LEFT_OUT.includes(entry)))
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  linkInstalled(checkout);
  return checkout;
}

/** A user who is not root and can read this checkout; `undefined` where we are not root, or there is none. */
async function findOtherUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const nobody = { uid: 65_534, gid: 65_534 };
  const reads = promisify(execFile)(process.execPath, ['--eval', ''], { cwd: ROOT, ...nobody });
  return await reads.then(
    () => nobody,
    () => undefined,
  );
}

function giveTo({ uid, gid }: User): void {
  const linked = (path: string): boolean => /\/node_modules\/./.test(path);
  const paths = globSync('**', { cwd: folder, exclude: (path) => linked(String(path)) });
  for (const path of ['', ...paths]) if (!linked(path)) chownSync(join(folder, path), uid, gid);
}
