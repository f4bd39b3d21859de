import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { mustRun, run } from '../support/lanes/command.ts';
import { laneDirectory, ROOT } from '../support/lanes/paths.ts';
import { BUNDLER_LANE } from './lanes.ts';

/** Milliseconds. */
const BUILD_TIMEOUT = 120_000;
const ANSWER = 'This is a simulated answer.\n';

/** The examples as they stand, built by real bundlers. */
describe.each(['esbuild', 'webpack'])('a program bundled with %s', (bundler) => {
  const simulator = useSimulator();
  const directory = join(laneDirectory(BUNDLER_LANE.name), 'bundled');
  const runBundle = (parameters: readonly string[], cwd: string) =>
    run(process.execPath, parameters, {
      cwd,
      env: { OPENAI_BASE_URL: simulator().url, OPENAI_API_KEY: 'test' },
    });

  /** A folder from which no package can be found. */
  let elsewhere = '';
  beforeAll(async () => {
    await cp(join(ROOT, 'examples', 'bundled'), directory, { recursive: true });
    await mustRun(process.execPath, [`${bundler}.mjs`], { cwd: directory });
    elsewhere = await mkdtemp(join(tmpdir(), 'bundled-'));
    await cp(join(directory, 'out', bundler), elsewhere, { recursive: true });
  }, BUILD_TIMEOUT);
  afterAll(() => rm(elsewhere, { recursive: true, force: true }));

  test('and everything it imports is instrumented through …/client', async () => {
    const { code, stdout, stderr } = await runBundle(['inlined.mjs'], elsewhere);
    expect({ code, stdout }).toEqual({ code: 0, stdout: ANSWER });
    expect(stderr).toMatch(/^chat gpt-4o-mini .*tokens/);
  });

  test('without openai is instrumented by the module hook, with no code of its own', async () => {
    const bundle = join('out', bundler, 'hooked.mjs');
    const { code, stdout, stderr } = await runBundle(['--import', './telemetry.mjs', bundle], directory);
    expect({ code, stdout }).toEqual({ code: 0, stdout: ANSWER });
    expect(stderr).toMatch(/^chat gpt-4o-mini .*tokens/);
    expect(await runBundle([bundle], directory)).toEqual({ code: 0, stdout: ANSWER, stderr: '' });
  });

  test('with the plugin, openai included, is instrumented by the same setup', async () => {
    const bundle = join('out', bundler, 'plugged.mjs');
    const { code, stdout, stderr } = await runBundle(['--import', './telemetry.mjs', bundle], directory);
    expect({ code, stdout }).toEqual({ code: 0, stdout: ANSWER });
    expect(stderr).toMatch(/^chat gpt-4o-mini .*tokens/);
    expect(await runBundle(['plugged.mjs'], elsewhere)).toEqual({ code: 0, stdout: ANSWER, stderr: '' });
  });
});
