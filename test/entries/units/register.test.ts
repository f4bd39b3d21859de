import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const SDK = '@opentelemetry/sdk-node';

const CALLING = {
  'app.mjs': `import OpenAI from 'openai';${CALL}`,
  'app.cjs': `const OpenAI = require('openai');(async () => {${CALL}})();`,
};

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
  const { folder, write } = project();
  await rm(join(folder, 'node_modules', SDK));
  await write({
    [`node_modules/${SDK}/package.json`]: { name: SDK, main: 'index.js' },
    [`node_modules/${SDK}/index.js`]: 'exports.NodeSDK = class { constructor() { throw new Error(); } };',
  });
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
