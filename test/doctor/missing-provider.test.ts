import { expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';
import { CALL, useProject } from '../support/project.ts';

const simulator = useSimulator();
const project = useProject();

const CALLS = `${CALL}await client.models.list();\n`;
const DROP_IN = `import OpenAI from '${PACKAGE_NAME}/openai';\n`;
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

test('a program that calls openai through …/openai without an SDK gets one line', async () => {
  expect(await said(DROP_IN + CALLS)).toMatch(
    /^\S+: No tracer provider is registered, .* Start an OpenTelemetry SDK .*\n$/,
  );
});

test.each([
  ['with an SDK', SDK + DROP_IN + CALLS, { OTEL_TRACES_EXPORTER: 'console' }],
  ['with an SDK that exports nothing', SDK + DROP_IN + CALLS, { OTEL_TRACES_EXPORTER: 'none' }],
  [
    'with an SDK that was shut down',
    `${SDK}${DROP_IN}${CALLS}await sdk.shutdown();`,
    { OTEL_TRACES_EXPORTER: 'console' },
  ],
  ['without a call', DROP_IN, {}],
  ['where OpenTelemetry is disabled', DROP_IN + CALLS, { OTEL_SDK_DISABLED: 'true' }],
  [
    'where the instrumentation is disabled',
    DROP_IN + CALLS,
    { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' },
  ],
  [
    'of a client that instrumentOpenAI instruments, which may be in a library',
    `import OpenAI from 'openai';import { instrumentOpenAI } from '${PACKAGE_NAME}/client';instrumentOpenAI(OpenAI);${CALLS}`,
    {},
  ],
])('nothing is printed %s', async (_, program, environment) => {
  expect(await said(program, environment)).toBe('');
});
