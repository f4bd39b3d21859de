import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Completed, run } from '../support/lanes/command.ts';
import {
  BROKEN_NODE_LANE,
  FIRST_HOOKS_LANE,
  NEWEST_NODE_LANE,
  RELEASES_LANE,
} from '../support/lanes/lanes.ts';
import { laneDirectory, nodeIn, PACKAGE_NAME } from '../support/lanes/paths.ts';
import { RELEASE_CASES, type ReleaseCase } from './release-programs.ts';
import { problemsOnRelease, writeReleasePrograms } from './run-release.ts';

/** The first and the last that cannot link imported CommonJS while a load hook is registered. */
const BROKEN = [FIRST_HOOKS_LANE, BROKEN_NODE_LANE];
const REGISTER = ['--import', `${PACKAGE_NAME}/register`];

let folder = '';
beforeAll(async () => {
  folder = await writeReleasePrograms();
});

function start(lane: string, parameters: readonly string[]): Promise<Completed> {
  const env = { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };
  return run(nodeIn(lane), parameters, { cwd: folder, env });
}

describe.each([...BROKEN, NEWEST_NODE_LANE])(
  '$name: a program is traced and runs as without it',
  ({ name }) => {
    const common: readonly ReleaseCase[] = RELEASE_CASES.filter(({ isCommon }) => isCommon);
    test.each(common)('$title', async (each) => {
      expect(await problemsOnRelease(nodeIn(name), folder, each)).toEqual([]);
    });
  },
);

describe.each(BROKEN)('$name', ({ name }) => {
  test('no load hook is left, whether a file has loaded, was loaded before, or never loads', async () => {
    await writeFile(
      join(folder, 'count-hooks.mjs'),
      `import module from 'node:module';
      const { registerHooks } = module;
      let left = 0;
      let most = 0;
      module.registerHooks = (hooks) => {
        const registered = registerHooks(hooks);
        if (hooks.load === undefined) return registered;
        most = Math.max(most, ++left);
        let isLeft = true;
        return {
          deregister() {
            if (isLeft) left--;
            isLeft = false;
            registered.deregister();
          },
        };
      };
      process.on('exit', () => console.log(JSON.stringify({ left, most })));`,
    );
    const { stdout } = await start(name, ['--import', './count-hooks.mjs', ...REGISTER, 'resolved-only.mjs']);
    expect(stdout).toContain('{"left":0,"most":1}');
  });

  test('a program that imported openai before its setup goes on importing CommonJS', async () => {
    await writeFile(
      join(folder, 'too-late.mjs'),
      `import OpenAI from 'openai';
      await import('./telemetry.mjs');
      const loaded = await Promise.all(['openai/client', 'express', 'openai', 'axios'].map((name) => import(name)));
      console.log(loaded[0].OpenAI === OpenAI, typeof loaded[1].default);`,
    );
    expect(await start(name, ['too-late.mjs'])).toMatchObject({ code: 0, stdout: 'true function\n' });
  });

  test("another package's load hook is named where it ends the program, and by the command doctor", async () => {
    await writeFile(
      join(folder, 'load-hook.mjs'),
      `import { registerHooks } from 'node:module'; registerHooks({ load: (url, context, next) => next(url, context) });`,
    );
    const parameters = ['--import', './load-hook.mjs', ...REGISTER, 'express.mjs'];
    const { code, stderr } = await start(name, parameters);
    const repaired = name === BROKEN_NODE_LANE.name ? '24.11.1' : '22.22.3';
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^${PACKAGE_NAME}: Node .* load hook .* Update to Node ${repaired} or later`),
    );
    const command = join(laneDirectory(RELEASES_LANE.name), 'node_modules', PACKAGE_NAME, 'dist', 'cli.cjs');
    const doctor = await start(name, [command, 'doctor', '--start', `node ${parameters.join(' ')}`]);
    expect(doctor.stdout).toMatch(/^problem load_hook_registered\n.* load-hook\.mjs registers one/m);
    const well = await start(name, [command, 'doctor', '--start', `node ${REGISTER.join(' ')} express.mjs`]);
    expect(well.stdout).not.toContain('load_hook_registered');
  });
});
