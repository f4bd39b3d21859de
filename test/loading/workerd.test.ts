import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { RUNTIMES_LANE } from '../support/lanes/lanes.ts';
import { programsDirectory } from '../support/lanes/paths.ts';
import { askWorker, bundleWorker } from '../support/workerd.ts';

/** Answers with what each entry recorded. */
const WORKER = `
  import { trace } from '@opentelemetry/api';
  import { TracerProvider } from '@opentelemetry/sdk-trace';
  import OpenAI from 'openai';
  import { flush, instrumentOpenAI, traced } from 'opentelemetry-instrumentation-openai/client';
  import { createOpenAI } from 'opentelemetry-instrumentation-openai/openai';

  const nothing = async () => {};
  const names = [];
  const onEnd = ({ name, status }) => names.push(status.code === 2 ? name + ': failed' : name);
  const processor = { onStart() {}, onEnd, forceFlush: nothing, shutdown: nothing };
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));

  const choice = { index: 0, finish_reason: 'stop' };
  const answer = { id: 'chatcmpl-1', model: 'gpt-4o', choices: [{ ...choice, message: { role: 'assistant', content: 'Hi' } }] };
  const chunk = { id: 'chatcmpl-2', model: 'gpt-4o', choices: [{ ...choice, delta: { content: 'Hi' } }] };
  const chunks = 'data: ' + JSON.stringify(chunk) + '\\n\\ndata: [DONE]\\n\\n';
  async function fetch(url, { body }) {
    const { model, stream } = JSON.parse(body);
    if (model === 'none') return Response.json({ error: { code: 'model_not_found' } }, { status: 404 });
    return stream
      ? new Response(chunks, { headers: { 'content-type': 'text/event-stream' } })
      : Response.json(answer);
  }

  async function use(client) {
    names.length = 0;
    const messages = [{ role: 'user', content: 'Hi' }];
    await client.chat.completions.create({ model: 'gpt-4o', messages });
    for await (const _ of await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true }));
    await client.chat.completions.create({ model: 'none', messages }).catch(() => undefined);
    await traced('answer', async () => 1)();
    await flush();
    return [...names];
  }

  const options = { apiKey: 'test', fetch, maxRetries: 0 };
  const config = { captureMessageContent: true };
  export default {
    fetch: async () =>
      Response.json({
        openai: await use(createOpenAI(options, config)),
        client: await use(instrumentOpenAI(new OpenAI(options), config)),
        hasWeakRef: 'WeakRef' in globalThis,
      }),
  };
`;

const folder = join(programsDirectory(RUNTIMES_LANE.name), 'worker');

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  const input = join(folder, 'source.mjs');
  await writeFile(input, WORKER);
  await bundleWorker(input, folder);
});

/** The release of workerd names the newest date that it knows. */
const newest = RUNTIMES_LANE.packages.workerd?.replace(/^1\.(\d{4})(\d\d)(\d\d)\..*/, '$1-$2-$3') ?? '';

test.each([
  ['2024-09-23', false],
  [newest, true],
])('a Worker with the compatibility date %s starts and records', async (date, hasWeakRef) => {
  const recorded = ['chat gpt-4o', 'chat gpt-4o-mini', 'chat none: failed', 'answer'];
  expect(await askWorker(folder, date, '')).toEqual({ openai: recorded, client: recorded, hasWeakRef });
});
