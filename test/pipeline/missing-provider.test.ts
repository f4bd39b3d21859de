import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';
import { CALL, useProject } from '../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const CALLS = `${CALL}await client.models.list();\n`;
const DROP_IN = `import OpenAI from '${PACKAGE_NAME}/openai';\n`;
const SDK = `import { NodeSDK } from '@opentelemetry/sdk-node';\nconst sdk = new NodeSDK();\nsdk.start();\n`;
const DYNAMIC_SDK = `const { NodeSDK } = await import('@opentelemetry/sdk-node');\nnew NodeSDK().start();\n`;

const CLASS = `
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  const instrumentation = new OpenAIInstrumentation();
  const { default: OpenAI } = await import('openai');
`;
const FUNCTION = `
  import OpenAI from 'openai';
  import { instrumentOpenAI } from '${PACKAGE_NAME}/client';
  instrumentOpenAI(OpenAI);
`;
const METRICS = `
  import { metrics } from '@opentelemetry/api';
  import { createRequire } from 'node:module';
  const { MeterProvider } = createRequire(import.meta.resolve('@opentelemetry/sdk-node'))('@opentelemetry/sdk-metrics');
  metrics.setGlobalMeterProvider(new MeterProvider());
`;
const SINK = CLASS.replace(
  'OpenAIInstrumentation()',
  'OpenAIInstrumentation({ events: { sink: () => undefined } })',
);
/** A provider of the program's own that nobody registers. */
const UNREGISTERED = `
  const { trace } = await import('@opentelemetry/api');
  instrumentation.setTracerProvider({ getTracer: () => trace.getTracer('none') });
`;

/** What an older copy of the API has registered: a tracer provider, and a logger that logs warnings. */
const OLDER_API = `
  const warn = (() => undefined).bind();
  globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.9.0', trace: {}, diag: { warn } };
`;

async function said(program: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  await project().write({ 'app.mjs': program });
  const { code, stderr } = await project().run(['app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_METRICS_EXPORTER: 'none',
    ...environment,
  });
  expect(code, stderr).toBe(0);
  return stderr;
}

test('a program that passes openai to instrumentOpenAI without an SDK gets one line', async () => {
  expect(await said(FUNCTION + CALLS)).toMatch(/^\S+: No tracer provider is registered, .*\n$/);
});

const LATE =
  /^\S+: Calls were made before a tracer provider was registered\. They have no spans\. Start .*\n$/;
test.each([
  ['', FUNCTION + CALLS + DYNAMIC_SDK],
  ['and then used', FUNCTION + CALLS + DYNAMIC_SDK + CALLS.replace('const client', 'const second')],
  ['although metrics were received', METRICS + CLASS + CALLS + DYNAMIC_SDK],
])('a provider that is registered after the first call %s is said in one line', async (_, program) => {
  expect(await said(program, { OTEL_TRACES_EXPORTER: 'console' })).toMatch(LATE);
});

test('a provider of an older API is said on standard error, also if events are received or it has a logger', async () => {
  expect(await said(OLDER_API + SINK + CALLS)).toMatch(
    /^\S+: A tracer provider is registered with \S+ 1\.9\.0, .*\n$/,
  );
});

test('rejected variables and unknown ones are said on standard error with …/register', async () => {
  await project().write({ 'app.mjs': `import OpenAI from 'openai';${CALLS}` });
  const { stderr } = await project().run(['--import', `${PACKAGE_NAME}/register`, 'app.mjs'], {
    BASE_URL: simulator().url,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'yes',
    OTEL_INSTRUMENTATION_OPENAI_ENABLED: '2',
    OTEL_INSTRUMENTATION_OPENAI_RUNSTEPS: 'off',
  });
  expect(stderr.split('\n').sort()).toEqual([
    '',
    expect.stringContaining('_CAPTURE_MESSAGE_CONTENT is "yes"; accepted: '),
    expect.stringContaining('_ENABLED is "2"; accepted: true, false.'),
    expect.stringContaining('_RUNSTEPS is unknown; did you mean OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS?'),
  ]);
});

test.each([
  ['with OpenAIInstrumentation and a provider that is not registered', CLASS + UNREGISTERED + CALLS, {}],
  ['with OpenAIInstrumentation that is disabled', `${CLASS}${CALLS}instrumentation.disable();`, {}],
  ['with OpenAIInstrumentation and no call', CLASS, {}],
  ['with OpenAIInstrumentation and metrics alone', METRICS + CLASS + CALLS, {}],
  ['with OpenAIInstrumentation and a sink of events alone', SINK + CALLS, {}],
  ['with …/openai and metrics alone', METRICS + DROP_IN + CALLS, {}],
  ['with an SDK', SDK + DROP_IN + CALLS, { OTEL_TRACES_EXPORTER: 'console' }],
  ['with an SDK that exports nothing', SDK + DROP_IN + CALLS, { OTEL_TRACES_EXPORTER: 'none' }],
  [
    'with an SDK that was shut down',
    `${SDK}${DROP_IN}${CALLS}await sdk.shutdown();`,
    { OTEL_TRACES_EXPORTER: 'console' },
  ],
  ['without a call', DROP_IN, {}],
  ['without a call before the SDK', DROP_IN + DYNAMIC_SDK + CALLS, { OTEL_TRACES_EXPORTER: 'console' }],
  ['where OpenTelemetry is disabled', DROP_IN + CALLS, { OTEL_SDK_DISABLED: 'true' }],
  [
    'where the instrumentation is disabled',
    DROP_IN + CALLS,
    { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' },
  ],
  ['with instrumentOpenAI and metrics alone', METRICS + FUNCTION + CALLS, {}],
])('nothing is printed %s', async (_, program, environment) => {
  expect(await said(program, environment)).toBe('');
});

describe('a mistake in a set-up of its own is told to the program once, if it has no logger', () => {
  const MISTAKEN = CLASS.replace(
    'Instrumentation()',
    "Instrumentation({ runSteps: 'fetched', medai: 'drop' })",
  );
  const environment = {
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'flase',
    OTEL_INSTRUMENTATION_OPENAI_RUNSTEPS: 'off',
  };
  const TOLD = [
    'option medai is unknown; did you mean media?',
    'option runSteps is "fetched"; accepted: fetch, observe, off. It is treated as not set. Did you mean fetch?',
    'OTEL_INSTRUMENTATION_OPENAI_ENABLED is "flase"; accepted: true, false. It is treated as not set. Did you mean false?',
    'OTEL_INSTRUMENTATION_OPENAI_RUNSTEPS is unknown; did you mean OTEL_INSTRUMENTATION_OPENAI_RUN_STEPS?',
  ];
  const warnings = (stderr: string): string[] =>
    stderr
      .split('\n')
      .filter((line) => line.startsWith('(node:'))
      .sort((one, other) =>
        one.slice(one.indexOf('Warning')).localeCompare(other.slice(other.indexOf('Warning'))),
      );

  test.each([
    ['at its first call', SDK + MISTAKEN + CALLS],
    ['at its end without a call', MISTAKEN],
    ['at process.exit() without a call', `${MISTAKEN}process.exit();`],
  ])('%s', async (_, program) => {
    const lines = TOLD.map((line) => expect.stringContaining(`Warning: ${PACKAGE_NAME}: ${line}`));
    expect(warnings(await said(program, environment))).toEqual(expect.arrayContaining(lines));
    expect(warnings(await said(program, environment))).toHaveLength(TOLD.length);
  });

  test('but its logger alone hears of it', async () => {
    const stderr = await said(SDK + MISTAKEN + CALLS, { ...environment, OTEL_LOG_LEVEL: 'error' });
    expect(stderr).toBe('');
  });
});
