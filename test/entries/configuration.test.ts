import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { LANES_IN_TURN } from './lanes.ts';
import { PACKAGE, runChild } from './support/child.ts';
import { programText } from './support/programs.ts';
import { RECORDER, readSpans } from './support/spans.ts';

const BEGINNING = `
  ${RECORDER}
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  const { OpenAIInstrumentation } = await load('${PACKAGE}');
  const { instrumentOpenAI } = await load('${PACKAGE}/client');
  const instrumentation = new OpenAIInstrumentation();
  new NodeSDK({
    instrumentations: [instrumentation],
    spanProcessors: [recorder],
    metricReaders: [],
    logRecordProcessors: [],
  }).start();
`;

describe.each(LANES_IN_TURN)('$lane, $format: OpenAIInstrumentation', ({ lane, format }) => {
  const simulator = useSimulator();

  /** The models that were asked, and whether what they were asked was recorded. */
  async function asked(
    body: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, boolean>> {
    const { stdout, stderr } = await runChild({
      lane,
      format,
      text: programText(format, body, { beginning: BEGINNING }),
      env: { BASE_URL: simulator().url, ...env },
    });
    expect(stderr).toBe('');
    return Object.fromEntries(
      readSpans(stdout).map(({ name, attributes }) => [
        name.replace('chat ', ''),
        'gen_ai.input.messages' in attributes,
      ]),
    );
  }

  test('setConfig() applies to later calls', async () => {
    const body = `
      await ask('before');
      instrumentation.setConfig({ captureMessageContent: 'SPAN_ONLY' });
      await ask('changed');
      instrumentation.setConfig({});
      await ask('after');
    `;
    expect(await asked(body)).toEqual({ before: false, changed: true, after: false });
  });

  test('the environment can disable the instrumentation, overriding any code', async () => {
    const body = `
      instrumentation.enable();
      await ask('ours');
      await ask('wrapped', instrumentOpenAI(client));
    `;
    expect(await asked(body, { OTEL_INSTRUMENTATION_OPENAI_ENABLED: 'false' })).toEqual({});
  });

  test('a client with its own settings keeps them, whatever the settings of others', async () => {
    const body = `
      const silent = instrumentOpenAI(client.withOptions({}), { captureMessageContent: 'NO_CONTENT' });
      await ask('silent', silent);
      await ask('silent-child', silent.withOptions({ timeout: 5_000 }));
      await ask('speaking');
    `;
    const env = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' };
    expect(await asked(body, env)).toEqual({ silent: false, 'silent-child': false, speaking: true });
  });
});
