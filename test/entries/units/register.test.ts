import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const SDK = '@opentelemetry/sdk-node';

const CALLING = {
  'app.mjs': `import OpenAI from 'openai';${CALL}`,
  'app.cjs': `const OpenAI = require('openai');(async () => {${CALL}})();`,
};

/** Runs a program that makes a call and ends in some way. */
async function run(end: string, environment: Readonly<Record<string, string>>): Promise<Ended> {
  await project().write({ 'app.mjs': `import OpenAI from 'openai';${CALL}${end}` });
  return project().run(['--import', `${PACKAGE_NAME}/register`, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    ...environment,
  });
}

/** Gives the project another `sdk-node`. */
async function replaceSdk(source: string): Promise<void> {
  const { folder, write } = project();
  await rm(join(folder, 'node_modules', SDK));
  await write({
    [`node_modules/${SDK}/package.json`]: { name: SDK, version: '0.301.0', main: 'index.js' },
    [`node_modules/${SDK}/index.js`]: source,
  });
}

/** What a program says that is started with `…/register` on a Node without module hooks. */
async function said(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const old = `data:text/javascript,import m from 'node:module'; m.registerHooks = undefined;`;
  await project().write(files);
  const parameters = ['--import', old, '--import', `${PACKAGE_NAME}/register`, ...Object.keys(files)];
  const { stderr } = await project().run(parameters, {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    ...environment,
  });
  return stderr;
}

test('an ES module whose calls cannot be instrumented prints the reason once', async () => {
  const { 'app.mjs': mjs, 'app.cjs': cjs } = CALLING;
  expect(await said({ 'app.mjs': mjs })).toMatch(
    /^opentelemetry-instrumentation-openai: Node v\S+ has no module hooks: .*Use Node 22.15 or later, .*\n$/,
  );
  expect(await said({ 'app.cjs': cjs })).toBe('');
  expect(await said({ 'app.mjs': mjs }, { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' })).toBe('');
  expect(await said({ 'app.mjs': mjs }, { OTEL_SDK_DISABLED: 'true' })).toBe('');
});

test('a configuration file that the SDK cannot read keeps it from starting', async () => {
  await replaceSdk('exports.NodeSDK = class { constructor() { throw new Error(); } };');
  expect(await said({ 'app.cjs': CALLING['app.cjs'] }, { OTEL_CONFIG_FILE: 'otel.yaml' })).toBe(
    `${PACKAGE_NAME}: OTEL_CONFIG_FILE is set, which ${SDK} does not read, so nothing is recorded. Update ${SDK}.\n`,
  );
});

test.each([
  ['does not use openai', `console.log('done');`],
  ['makes no calls', `import 'openai';`],
  [
    'instruments its client itself',
    `import OpenAI from 'openai';
     import { instrumentOpenAI } from '${PACKAGE_NAME}/client';
     instrumentOpenAI(OpenAI);
     ${CALL}`,
  ],
])('an ES module that %s prints nothing', async (_, program) => {
  expect(await said({ 'app.mjs': program })).toBe('');
});

test('an instrumentation with options of its own records with the SDK of …/register', async () => {
  await project().write({
    'app.mjs': `import OpenAI from 'openai';
      import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
      new OpenAIInstrumentation({ captureMessageContent: true });
      ${CALL}`,
  });
  const { stderr } = await project().run(['--import', `${PACKAGE_NAME}/register`, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'console',
  });
  expect(stderr).toMatch(/^chat gpt-4o-mini.*\n.*user "Hi"/);
});

describe('a variable that the program sets after …/register is loaded, as dotenv does,', () => {
  const OWN_SDK = `
    import { NodeSDK } from '@opentelemetry/sdk-node';
    const onEnd = ({ name, attributes }) => console.log(name, attributes['gen_ai.input.messages']);
    const forceFlush = async () => {};
    const spanProcessors = [{ onStart() {}, onEnd, forceFlush, shutdown: forceFlush }];
    new NodeSDK({ spanProcessors, metricReaders: [], logRecordProcessors: [] }).start();`;

  async function withVariable(name: string, value: string, sdk = ''): Promise<string> {
    await project().write({
      'variables.mjs': `process.env.${name} = '${value}';`,
      'sdk.mjs': sdk,
      'app.mjs': `import './variables.mjs';
        import './sdk.mjs';
        import OpenAI from 'openai';
        import { traced } from '${PACKAGE_NAME}/client';
        ${CALL}${CALL.replace('const ', '')}
        traced('answer', () => 42)();`.replace('const client', 'let client'),
    });
    const { stdout, stderr } = await project().run(['--import', `${PACKAGE_NAME}/register`, 'app.mjs'], {
      BASE_URL: simulator().url,
      OTEL_TRACES_EXPORTER: 'console',
    });
    return stdout + stderr;
  }

  test.each([
    ['with the SDK of …/register', ''],
    ['with an SDK of its own', OWN_SDK],
  ])('switches the instrumentation off: %s', async (_, sdk) => {
    expect(await withVariable('OTEL_INSTRUMENTATION_OPENAI_ENABLED', 'false', sdk)).toBe('');
    expect(await withVariable('OTEL_INSTRUMENTATION_OPENAI_ENABLED', 'true', sdk)).toMatch(
      /^chat gpt-4o-mini.*\n(?:.*\n)*chat gpt-4o-mini.*\n(?:.*\n)*answer/,
    );
  });

  test('has content recorded', async () => {
    const name = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
    expect(await withVariable(name, 'SPAN_ONLY', OWN_SDK)).toContain('"content":"Hi"');
    expect(await withVariable(name, 'NO_CONTENT', OWN_SDK)).not.toContain('Hi');
  });
});

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

  test.each([
    ['without an exit code', `process.emit('beforeExit');`],
    ['while a timer is left', `setTimeout(() => undefined, 9_000); process.emit('beforeExit', 0);`],
  ])('that emits beforeExit itself before process.exit() has its listeners called: %s', async (_, emit) => {
    const end = `
      process.on('beforeExit', () => console.log('cleaning up'));
      ${emit}
      process.exit(4);`;
    const { code, stdout } = await run(end, { OTEL_TRACES_EXPORTER: 'console' });
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'cleaning up\n' });
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
    await replaceSdk(`require('@opentelemetry/missing');`);
    const { code, stderr } = await run('', {});
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^\S+: \S+ could not be started, .*'@opentelemetry\/missing'\. Install it again: npm install .*\n$/,
    );
  });
});
