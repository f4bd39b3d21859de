import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

async function run(end: string, environment: Readonly<Record<string, string>>): Promise<Ended> {
  await project().write({ 'app.mjs': `import OpenAI from 'openai';${CALL}${end}` });
  return project().run(['--import', `${PACKAGE_NAME}/register`, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    ...environment,
  });
}

describe('a program with …/register', () => {
  test("is not ended by process.emit('SIGTERM'), which does nothing without it", async () => {
    const end = `process.emit('SIGTERM'); setTimeout(() => console.log('still here'), 50);`;
    const { code, stdout } = await run(end, { OTEL_TRACES_EXPORTER: 'console' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'still here\n' });
  });

  test('as process 1, if a signal without a listener has no effect, continues with its calls', async () => {
    const end = `
      Object.defineProperty(process, 'pid', { value: 1 });
      process.kill = () => process.exit(9);
      const pending = client.chat.completions.create({ model: 'gpt-4o', messages: [] });
      process.emit('SIGTERM', 'SIGTERM', 15);
      await pending;`;
    const { code, stderr } = await run(end, { OTEL_TRACES_EXPORTER: 'console' });
    expect({ code, tokens: stderr.match(/→ \d+ tokens/g)?.length }).toEqual({ code: 0, tokens: 2 });
  });

  test.each([
    ['a collector that takes everything', () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: simulator().url })],
    ['a collector that refuses connections', () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })],
    ['a tree', () => ({ OTEL_TRACES_EXPORTER: 'console' })],
  ])('has its listeners for beforeExit called as often as without it: %s', async (_, environment) => {
    const end = `
      process.on('beforeExit', (code) => console.log('beforeExit', code));
      process.exitCode = 4;`;
    const { code, stdout } = await run(end, environment());
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'beforeExit 4\n' });
  });

  test('whose listener for beforeExit starts something continues as without it', async () => {
    const end = `
      let left = 2;
      process.on('beforeExit', () => {
        if (left-- > 0) setTimeout(() => console.log('worked'), 1);
      });`;
    const { code, stdout } = await run(end, { OTEL_TRACES_EXPORTER: 'console' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'worked\nworked\n' });
  });

  test('prints that OTEL_TRACES_EXPORTER names an unknown exporter', async () => {
    expect(await run('', { OTEL_TRACES_EXPORTER: 'Console' })).toEqual({
      code: 0,
      stdout: '',
      stderr: `${PACKAGE_NAME}: OTEL_TRACES_EXPORTER names "Console", which is unknown, so it exports nothing; accepted: otlp, console, zipkin, none.\n`,
    });
  });

  test('prints which variables keep the SDK from starting', async () => {
    const { code, stderr } = await run('', {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://',
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /could not be started, .*: TypeError: Invalid URL\. Check the OTEL_\* variables, and `npm ls @opentelemetry\/api`\.\n$/,
    );
  });

  test('prints in one line which part of the SDK is missing', async () => {
    const sdk = '@opentelemetry/sdk-node';
    await rm(join(project().folder, 'node_modules', sdk));
    await project().write({
      [`node_modules/${sdk}/package.json`]: { name: sdk, version: '0.301.0' },
      [`node_modules/${sdk}/index.js`]: `require('@opentelemetry/missing');`,
    });
    const { code, stderr } = await run('', {});
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^\S+: \S+ could not be started, .*'@opentelemetry\/missing'\. Install it again: npm install .*\n$/,
    );
  });
});
