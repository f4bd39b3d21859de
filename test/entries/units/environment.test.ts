import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OPTIONS } from '../../../src/config/config.ts';
import { variableOf } from '../../../src/config/option-parsers.ts';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { CALL, type Ended, useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const ENABLED = 'OTEL_INSTRUMENTATION_OPENAI_ENABLED';
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/** Prints each span, and whether it has content. */
const SDK = `
  import { diag } from '@opentelemetry/api';
  import { NodeSDK } from '@opentelemetry/sdk-node';
  const nothing = async () => {};
  const onEnd = ({ name, attributes }) => process.stdout.write(name + ' ' + ('gen_ai.input.messages' in attributes) + '\\n');
  const processor = { onStart() {}, onEnd, forceFlush: nothing, shutdown: nothing };
  new NodeSDK({ spanProcessors: [processor], metricReaders: [], logRecordProcessors: [] }).start();
  diag.setLogger({ warn: console.error, error: console.error, info() {}, debug() {}, verbose() {} });
`;
const PROGRAMS = {
  OpenAIInstrumentation: `
    const { OpenAIInstrumentation } = await import('${PACKAGE_NAME}');
    new OpenAIInstrumentation({});
    const { default: OpenAI } = await import('openai');
    ${CALL}`,
  instrumentOpenAI: `
    const { default: OpenAI } = await import('openai');
    const { instrumentOpenAI } = await import('${PACKAGE_NAME}/client');
    instrumentOpenAI(OpenAI, {});
    ${CALL}`,
  'the drop-in replacement': `
    const { OpenAI } = await import('${PACKAGE_NAME}/openai');
    ${CALL}`,
};

async function run(before: string, app: string, environment = {}): Promise<Ended> {
  await project().write({ 'sdk.mjs': SDK, 'before.mjs': before, 'app.mjs': app });
  const preloads = ['--import', './sdk.mjs', '--import', './before.mjs'];
  return project().run([...preloads, 'app.mjs'], { BASE_URL: simulator().url, ...environment });
}

describe.each(Object.entries(PROGRAMS))('%s', (_, app) => {
  const end = "console.log('asked', ...asked);";
  /** Refuses every variable of OpenTelemetry but those that are told. */
  const guarded = (...told: string[]): string => `
    globalThis.asked = [];
    const told = ${JSON.stringify(told)};
    const tell = (target, name) => {
      const isOurs = String(name).startsWith('OTEL_');
      if (isOurs) asked.push(name);
      if (isOurs && !told.includes(name)) throw new Error('NotCapable: ' + name);
      return Reflect.get(target, name);
    };
    process.env = new Proxy(process.env, { get: tell, has: tell, ownKeys() { throw new Error('NotCapable'); } });
  `;

  test('records where the runtime refuses variables, and says so once', async () => {
    const { code, stdout, stderr } = await run(guarded(), app + end, { [CAPTURE]: 'SPAN_ONLY' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `chat gpt-4o-mini false\nasked ${ENABLED}\n` });
    expect(stderr.match(/refuses/g)).toHaveLength(1);
    expect(stderr).toContain(`The runtime refuses to tell the variable ${ENABLED}.`);
  });

  test('uses the variables that the runtime tells', async () => {
    const { code, stdout } = await run(guarded(ENABLED, CAPTURE), app, { [CAPTURE]: 'SPAN_ONLY' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'chat gpt-4o-mini true\n' });
  });

  test('is switched off where the runtime tells nothing else', async () => {
    const { code, stdout } = await run(guarded(ENABLED), app, { [ENABLED]: 'false' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('records where process.env throws', async () => {
    const before = `
      const { BASE_URL } = process.env;
      const reading = () => { if (/${PACKAGE_NAME}|dist/.test(new Error().stack)) throw new Error('no'); return { BASE_URL }; };
      Object.defineProperty(process, 'env', { get: reading });
    `;
    const { code, stdout } = await run(before, app);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'chat gpt-4o-mini false\n' });
  });

  test('ignores inherited variables', async () => {
    const before = `Object.assign(Object.prototype, { ${CAPTURE}: 'SPAN_AND_EVENT', ${ENABLED}: 'false' });`;
    const { code, stdout } = await run(before, app);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'chat gpt-4o-mini false\n' });
  });
});

test('…/register ignores inherited options and variables', async () => {
  const page = join(project().folder, 'page.html');
  const store = join(project().folder, 'content');
  const inherited: Record<string, string | boolean> = {
    [ENABLED]: 'false',
    OTEL_INSTRUMENTATION_OPENAI_PAGE: page,
    enabled: false,
  };
  for (const [name, option] of Object.entries(OPTIONS)) {
    inherited[name] = true;
    inherited[variableOf(name, option) ?? name] = 'true';
  }
  Object.assign(inherited, {
    [CAPTURE]: 'SPAN_AND_EVENT',
    OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH: store,
  });
  await project().write({
    'inherit.mjs': `
      for (const [name, value] of Object.entries(${JSON.stringify(inherited)}))
        Object.defineProperty(Object.prototype, name, { value, writable: true });
    `,
    'app.mjs': `import OpenAI from 'openai';${CALL}`,
  });
  const preloads = ['--import', './inherit.mjs', '--import', `${PACKAGE_NAME}/register`];
  const { code, stderr } = await project().run([...preloads, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  });
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/^chat gpt-4o-mini .*\n\n$/);
  expect([page, store].map((file) => existsSync(file))).toEqual([false, false]);
});
