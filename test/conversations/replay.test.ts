import { trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { instrumentOpenAI } from '../../src/client-entry.ts';
import { spanTree } from '../../src/testing.ts';
import { startReplay } from '../support/simulator/index.ts';
import { recordTelemetry } from '../support/telemetry.ts';

test('streaming replay', async () => {
  const telemetry = recordTelemetry();
  const server = await startReplay('test/fixtures/assistants/streaming.json');
  const client = instrumentOpenAI(new OpenAI({ apiKey: 'k', baseURL: server.url }), {});
  await trace.getTracer('program').startActiveSpan('program', async (span) => {
    const a = await client.beta.assistants.create({
      model: 'gpt-4o-mini',
      name: 'Math Tutor',
      tools: [{ type: 'code_interpreter' }],
    });
    const thread = await client.beta.threads.create();
    await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'x' });
    await client.beta.assistants.retrieve(a.id);
    const stream = await client.beta.threads.runs.create(thread.id, { assistant_id: a.id, stream: true });
    let n = 0;
    for await (const _ of stream) n++;
    console.log(n);
    span.end();
  });
  console.log(spanTree(telemetry.spans, { attributes: [/./] }));
  await telemetry.verify();
  await server.close();
});
