import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { LANES_IN_TURN } from './lanes.ts';
import { type Ended, PACKAGE, runChild } from './support/child.ts';
import { programText } from './support/programs.ts';
import { useReceiver } from './support/receiver.ts';

describe.each(LANES_IN_TURN)('$lane, $format: NodeSDK with', ({ lane, format }) => {
  const simulator = useSimulator();
  const receiver = useReceiver();

  const run = (processors: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runChild({
      lane,
      format,
      text: programText(format, 'await ask(); await ask();', {
        beginning: `
          const { NodeSDK } = await load('@opentelemetry/sdk-node');
          const { OpenAIInstrumentation } = await load('${PACKAGE}');
          const { consoleTree, viewing } = await load('${PACKAGE}/export');
          const other = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
          const spanProcessors = ${processors};
          new NodeSDK({ instrumentations: [new OpenAIInstrumentation()], spanProcessors }).start();
        `,
      }),
      env: { BASE_URL: simulator().url, OTEL_METRICS_EXPORTER: 'none', ...env },
    });

  test('viewing(…) without an endpoint: trees alone', async () => {
    const { requests } = receiver();
    const { stderr } = await run('viewing(consoleTree())');
    expect(stderr.match(/^chat gpt-4o .*tokens/gm)).toHaveLength(2);
    expect(stderr).not.toContain(PACKAGE);
    expect(requests).toEqual([]);
  });

  test('consoleTree() alone: warns once that the endpoint gets nothing', async () => {
    const { httpUrl, requests } = receiver();
    const { stderr } = await run('[consoleTree()]', { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl });
    const lines = stderr.split('\n').filter((line) => line.startsWith(PACKAGE));
    expect(lines).toEqual([
      `${PACKAGE}: traces are not sent to the OTLP endpoint that the environment names, because NodeSDK has ` +
        `only consoleTree(). To do both: spanProcessors: viewing(consoleTree()), with viewing from ${PACKAGE}/export.`,
    ]);
    expect(requests).toEqual([]);
  });

  test.each([
    [
      'a processor of the program beside it',
      '[consoleTree(), other]',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector' },
    ],
    ['no endpoint', '[consoleTree()]', {}],
    [
      'OTEL_TRACES_EXPORTER=console',
      '[consoleTree()]',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector', OTEL_TRACES_EXPORTER: 'console' },
    ],
  ])('consoleTree() and %s: prints no warning', async (_, processors, env) => {
    const { stderr } = await run(processors, env);
    expect(stderr.match(/^chat gpt-4o .*tokens/gm)).toHaveLength(2);
    expect(stderr).not.toContain(PACKAGE);
  });
});
