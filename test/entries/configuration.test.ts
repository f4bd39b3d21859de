import { expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { LANES_IN_TURN } from './lanes.ts';
import { PACKAGE, runChild } from './support/child.ts';
import { programText } from './support/programs.ts';
import { RECORDER, readSpans } from './support/spans.ts';

const BEGINNING = `
  ${RECORDER}
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  const { OpenAIInstrumentation } = await load('${PACKAGE}');
  const instrumentation = new OpenAIInstrumentation();
  new NodeSDK({
    instrumentations: [instrumentation],
    spanProcessors: [recorder],
    metricReaders: [],
    logRecordProcessors: [],
  }).start();
`;
const BODY = `
  await ask('before');
  instrumentation.setConfig({ captureMessageContent: 'SPAN_ONLY' });
  await ask('changed');
  instrumentation.setConfig({});
  await ask('after');
`;

const simulator = useSimulator();

test.each(LANES_IN_TURN)('$lane, $format: setConfig() applies to later calls', async ({ lane, format }) => {
  const { stdout, stderr } = await runChild({
    lane,
    format,
    text: programText(format, BODY, { beginning: BEGINNING }),
    env: { BASE_URL: simulator().url },
  });
  expect(stderr).toBe('');
  const recorded = readSpans(stdout).map(({ name, attributes }) => [
    name,
    'gen_ai.input.messages' in attributes,
  ]);
  expect(recorded).toEqual([
    ['chat before', false],
    ['chat changed', true],
    ['chat after', false],
  ]);
});
