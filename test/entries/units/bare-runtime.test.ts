import { expect, test } from 'vitest';
import { useSimulator } from '../../support/lanes/api.ts';
import { PACKAGE_NAME } from '../../support/lanes/paths.ts';
import { useProject } from '../../support/project.ts';

const simulator = useSimulator();
const project = useProject();

/** Loaded first: the program keeps what it needs of Node, and then makes the runtime forget it. */
const BARE = `
  import { AsyncLocalStorage } from 'node:async_hooks';
  import { request } from 'node:http';
  import { Readable } from 'node:stream';
  import { context, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
  import 'openai';
  import 'openai/realtime/websocket';

  export const names = [];
  /** OpenTelemetry's own spans read the missing clock. */
  class Span {
    #context;
    constructor(name, number, parent) {
      const spanId = String(number).padStart(16, '0');
      this.#context = { traceId: parent?.traceId ?? spanId + spanId, spanId, traceFlags: 1 };
      this.name = name;
    }
    spanContext() { return this.#context; }
    isRecording() { return this.ended !== true; }
    setStatus({ code }) { this.failed = code === 2; return this; }
    updateName(name) { this.name = name; return this; }
    end() { this.ended = true; names.push(this.failed ? this.name + ': failed' : this.name); }
  }
  for (const name of ['setAttribute', 'setAttributes', 'addEvent', 'addLink', 'addLinks', 'recordException'])
    Span.prototype[name] = function () { return this; };
  let spans = 0;
  const startSpan = (name, _, parent) => new Span(name, ++spans, trace.getSpanContext(parent));
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) });
  const storage = new AsyncLocalStorage();
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_, target) => target,
  });
  diag.setLogger({ error: console.error, warn: console.error, info() {}, debug() {}, verbose() {} });
  export const baseURL = process.env.BASE_URL;
  /** Node's own \`fetch\` needs what is missing. */
  export const fetch = (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const answered = (answer) => {
        const { statusCode: status, headers } = answer;
        const body = Readable.toWeb(answer);
        const text = async () => {
          const parts = [];
          for await (const part of body) parts.push(new TextDecoder().decode(part));
          return parts.join('');
        };
        const json = async () => JSON.parse(await text());
        resolve({ ok: status < 300, status, url, headers: new Headers(headers), body, text, json });
      };
      request(url, { method, headers: Object.fromEntries(headers) }, answered).on('error', reject).end(body);
    });
  class Socket extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      queueMicrotask(() => {
        this.dispatchEvent(new Event('open'));
        const response = { id: 'resp_1', object: 'realtime.response', status: 'completed', output: [] };
        for (const type of ['response.created', 'response.done'])
          this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ type, response }) }));
        this.dispatchEvent(new Event('close'));
      });
    }
    send() {}
    close() {}
  }
  for (const name of ['FinalizationRegistry', 'WeakRef', 'process', 'Buffer', 'setImmediate', 'performance'])
    delete globalThis[name];
  globalThis.WebSocket = Socket;
`;

const USE = `
  import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
  import { flush, recordEvaluation, span, traced, withConversation } from '${PACKAGE_NAME}/client';

  const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk';
  export async function use(client) {
    const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: PIXEL } }] }];
    await client.chat.completions.create({ model: 'gpt-4o', messages });
    for await (const _ of await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true }));
    for await (const _ of await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true }));
    await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello' });
    await client.beta.threads.retrieve('thread_unknown').catch(() => undefined);
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
    await client.beta.threads.createAndRunPoll({ assistant_id: assistant.id }, { pollIntervalMs: 1 });
    await traced('answer', async () => span('look up', () => 1))();
    await withConversation('conversation-1', () => client.chat.completions.create({ model: 'gpt-4o', messages }));
    recordEvaluation({ name: 'quality', score: 1, responseId: 'chatcmpl-1' });
    const socket = new OpenAIRealtimeWebSocket({ model: 'gpt-realtime' }, client);
    await new Promise((closed) => socket.socket.addEventListener('close', closed));
    await flush();
  }
`;

const START = {
  client: `
    import { instrumentOpenAI, maskingHook } from '${PACKAGE_NAME}/client';
    import OpenAI from 'openai';
    import * as realtime from 'openai/realtime/websocket';
    const config = { captureMessageContent: true, completionHook: maskingHook() };
    instrumentOpenAI(realtime, config);
    const client = instrumentOpenAI(new OpenAI({ apiKey: 'test', baseURL, fetch, maxRetries: 0 }), config);
  `,
  openai: `
    import { createOpenAI } from '${PACKAGE_NAME}/openai';
    const client = createOpenAI({ apiKey: 'test', baseURL, fetch, maxRetries: 0 }, { captureMessageContent: true });
  `,
};

test.each(['client', 'openai'] as const)(
  '…/%s records in a runtime without weak references, process, Buffer and performance',
  async (entry) => {
    await project().write({
      'bare.mjs': BARE,
      'use.mjs': USE,
      'app.mjs': `
        import { baseURL, fetch, names } from './bare.mjs';
        import { use } from './use.mjs';
        ${START[entry]}
        await use(client);
        console.log(JSON.stringify(names));
      `,
    });
    const { code, stdout, stderr } = await project().run(['app.mjs'], { BASE_URL: simulator().url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual([
      'chat gpt-4o',
      'chat gpt-4o',
      'chat gpt-4o',
      'embeddings text-embedding-3-small',
      'GET /threads/{thread_id}: failed',
      'create_agent',
      'look up',
      'answer',
      'chat gpt-4o',
      'invoke_agent',
      'chat gpt-4o',
      // The drop-in replacement has no sockets.
      ...(entry === 'client' ? ['chat gpt-realtime', 'realtime'] : []),
      'thread',
      'thread',
      'conversation',
    ]);
  },
);
