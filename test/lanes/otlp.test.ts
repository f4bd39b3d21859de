import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/lanes/otlp.ts';
import { runProgram } from '../support/lanes/program.ts';
import { STREAMED_RUN } from '../support/lanes/trees.ts';
import { usageSum } from '../support/lanes/usage.ts';
import { type Simulator, startReplay } from '../support/simulator/index.ts';

let receiver: OtlpReceiver;
let replay: Simulator;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  replay = await startReplay('test/fixtures/assistants/streaming.json');
});
afterAll(async () => {
  await replay.close();
  await receiver.close();
});

test('the recorded stream arrives at an OTLP receiver over gRPC as the same tree', async () => {
  const { result } = await runProgram({
    lane: 'openai-7',
    parameters: ['--import', './node-sdk-otlp.mjs', 'main.mjs'],
    env: {
      BASE_URL: replay.url,
      SCENARIO: 'streaming',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  });
  expect(result).toMatchObject({ events: { length: 94 } });
  assertSpanTree(receiver.spans, STREAMED_RUN);
  expect(usageSum(receiver.spans)).toEqual({ input_tokens: 381, output_tokens: 88 });
});
