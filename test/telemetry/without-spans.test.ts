import { describe, expect, test } from 'vitest';
import { useReceiver } from '../entries/support/receiver.ts';
import { useSimulator } from '../support/lanes/api.ts';
import { PACKAGE_NAME } from '../support/lanes/paths.ts';
import { CALL, useProject } from '../support/project.ts';

const simulator = useSimulator();
const receiver = useReceiver();
const project = useProject();

const APP = `import OpenAI from 'openai';${CALL}`;
const SET_UP = `
  import { NodeSDK } from '@opentelemetry/sdk-node';
  import { OpenAIInstrumentation } from '${PACKAGE_NAME}';
  new NodeSDK({ instrumentations: [new OpenAIInstrumentation()] }).start();
`;
const FLUSH = `
  const { flush } = await import('${PACKAGE_NAME}/client');
  await flush();
  process.exit();
`;

describe('with OTEL_TRACES_EXPORTER=none, metrics are sent', () => {
  test.each([
    ['when a program ends', './set-up.mjs', ''],
    ['when a program with …/register ends', `${PACKAGE_NAME}/register`, ''],
    ['by flush()', './set-up.mjs', FLUSH],
    [
      'when a signal ends it',
      `${PACKAGE_NAME}/register`,
      `setInterval(() => {}, 1e6); process.kill(process.pid);`,
    ],
  ])('%s', async (_, loaded, end) => {
    const { httpUrl, metrics, spans } = receiver();
    await project().write({ 'app.mjs': APP + end, 'set-up.mjs': SET_UP });
    await project().run(['--import', loaded, 'app.mjs'], {
      BASE_URL: simulator().url,
      OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_TRACES_EXPORTER: 'none',
    });
    expect(metrics).toContain('gen_ai.client.token.usage');
    expect(spans).toEqual([]);
  });
});

describe('at the end, a refused connection is reported if spans were lost', () => {
  test.each([
    ['traces', {}],
    ['', { OTEL_TRACES_SAMPLER: 'always_off' }],
    ['', { OTEL_TRACES_EXPORTER: 'none' }],
  ] as const)('"%s" with %j', async (signal, environment) => {
    await project().write({ 'app.mjs': APP, 'set-up.mjs': SET_UP });
    const { stderr } = await project().run(['--import', './set-up.mjs', 'app.mjs'], {
      BASE_URL: simulator().url,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_LOGS_EXPORTER: 'none',
      ...environment,
    });
    expect(/could not send (\w+) to http:\S+\/v1\/\1 \(ECONNREFUSED\)/.exec(stderr)?.[1] ?? stderr).toBe(
      signal,
    );
  });
});
