import { expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { useProject } from '../support/project.ts';

const OURS = 'opentelemetry-instrumentation-openai';
const simulator = useSimulator();
const project = useProject();

const CALL = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
  await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] });
`;
const DROP_IN = `import OpenAI from '${OURS}/openai';\n`;
const SDK = `import { NodeSDK } from '@opentelemetry/sdk-node';\nconst sdk = new NodeSDK();\nsdk.start();\n`;

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

test('a program that calls openai through …/openai without an SDK is told so once', async () => {
  expect(await said(DROP_IN + CALL)).toMatch(
    /^\S+: No tracer provider is registered, .* Start an OpenTelemetry SDK .*\n$/,
  );
});

test.each([
  ['with an SDK', SDK + DROP_IN + CALL, { OTEL_TRACES_EXPORTER: 'console' }],
  ['with an SDK that exports nothing', SDK + DROP_IN + CALL, { OTEL_TRACES_EXPORTER: 'none' }],
  [
    'with an SDK that was shut down',
    `${SDK}${DROP_IN}${CALL}await sdk.shutdown();`,
    { OTEL_TRACES_EXPORTER: 'console' },
  ],
  ['without a call', DROP_IN, {}],
  ['where OpenTelemetry is disabled', DROP_IN + CALL, { OTEL_SDK_DISABLED: 'true' }],
  ['where the instrumentation is disabled', DROP_IN + CALL, { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' }],
  [
    'of a client that instrumentOpenAI instruments, which may be in a library',
    `import OpenAI from 'openai';import { instrumentOpenAI } from '${OURS}/client';instrumentOpenAI(OpenAI);${CALL}`,
    {},
  ],
])('nothing is said %s', async (_, program, environment) => {
  expect(await said(program, environment)).toBe('');
});
