import type { IncomingHttpHeaders } from 'node:http';
import { logs } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { expect, test } from 'vitest';
import { langfuse, phoenix } from '../../../examples/backends/scores.ts';
import { recordEvaluation } from '../../../src/client.ts';
import { startTracedProgram } from '../../helpers/program.ts';
import { listen } from '../../support/listening.ts';

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

test('scores are sent to Langfuse and Phoenix with the span of the answer', async () => {
  const received: Received[] = [];
  const address = await listen(async (request, response) => {
    const { url, headers } = request;
    const chunks = await Array.fromAsync<Uint8Array>(request);
    received.push({ url, headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    response.end('{}');
  });
  const { client, telemetry } = await startTracedProgram(
    { captureMessageContent: 'EVENT_ONLY' },
    { content: true, eventContent: true },
  );
  const processors = [langfuse(address, 'pk-lf-local', 'sk-lf-local'), phoenix(address, 'HUMAN')];
  const provider = new LoggerProvider({ processors });
  logs.disable();
  logs.setGlobalLoggerProvider(provider);
  const messages = [{ role: 'user' as const, content: 'Hello?' }];
  const { id } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  recordEvaluation({ responseId: id, name: 'thumbs', score: 1, label: 'up', explanation: 'Short.' });
  recordEvaluation({ responseId: 'chatcmpl-unknown', name: 'thumbs', score: 1 });
  await provider.shutdown();
  const span = telemetry.spans[0]?.spanContext();
  expect(received.map(({ url }) => url).sort()).toEqual(['/api/public/scores', '/v1/span_annotations']);
  const [toLangfuse, toPhoenix] = received.sort((a, b) => String(a.url).localeCompare(String(b.url)));
  expect(toLangfuse?.headers.authorization).toBe('Basic cGstbGYtbG9jYWw6c2stbGYtbG9jYWw=');
  expect(toLangfuse?.body).toEqual({
    traceId: span?.traceId,
    observationId: span?.spanId,
    name: 'thumbs',
    value: 1,
    dataType: 'NUMERIC',
    comment: 'Short.',
  });
  expect(toPhoenix?.body).toEqual({
    data: [
      {
        span_id: span?.spanId,
        name: 'thumbs',
        annotator_kind: 'HUMAN',
        result: { score: 1, label: 'up', explanation: 'Short.' },
      },
    ],
  });
});
