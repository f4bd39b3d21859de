import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { LANES_IN_TURN } from './lanes.ts';
import { type Ended, runChild } from './support/child.ts';
import { programText, REGISTER } from './support/programs.ts';
import { useReceiver } from './support/receiver.ts';

/** Taken as a module of the program does at its top, before any call of `openai`. */
const EARLY = `
  const { trace } = await load('@opentelemetry/api');
  const tracer = trace.getTracer('app');
`;
const REQUEST = `
  await tracer.startActiveSpan('request', async (span) => {
    await ask();
    span.end();
  });
`;

describe.each(LANES_IN_TURN)(
  '$lane, $format: tracers that a program with …/register gets early',
  ({ lane, format }) => {
    const simulator = useSimulator();
    const receiver = useReceiver();

    const run = (body: string, beginning: string, env: Record<string, string> = {}): Promise<Ended> =>
      runChild({
        lane,
        format,
        text: programText(format, body, { beginning }),
        parameters: REGISTER[format],
        env: { BASE_URL: simulator().url, ...env },
      });

    test('record in the traces of the calls, with the SDK that starts later', async () => {
      const { stderr } = await run(`${REQUEST} ${REQUEST}`, EARLY, { OTEL_TRACES_EXPORTER: 'console' });
      expect(stderr).toMatch(/^(?:request .*\n└─ chat gpt-4o .*\n\n?){2}$/);
    });

    test('start no SDK before openai is loaded, nor if the package is switched off', async () => {
      const early = `${EARLY} tracer.startSpan('before').end();`;
      const body = `console.log(trace.getTracerProvider().getDelegate().constructor.name); ${REQUEST}`;
      const { httpUrl, spans } = receiver();
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl };
      expect((await run(body, early, env)).stdout).toBe('NoopTracerProvider\n');
      expect([...spans].sort()).toEqual(['chat gpt-4o', 'request']);
      const { requests } = receiver();
      expect((await run(body, early, { ...env, OTEL_SDK_DISABLED: 'true' })).code).toBe(0);
      expect(requests).toEqual([]);
    });
  },
);
