import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

export const ANSWER = 'Hello';
/** A request for this model is rejected with status 400. */
export const REJECTED_MODEL = 'rejected';
/** The connection of a stream of this model is closed after the first words. */
export const CUT_MODEL = 'cut';

interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
}

/** An API that knows only chat completions. @returns its base URL */
export async function startApi(): Promise<string> {
  return `${await listen(async (request, response) => {
    const { model, stream } = (await json(request)) as ChatRequest;
    if (model === REJECTED_MODEL) return sendJson(response, 400, { error: { message: 'Rejected.' } });
    if (stream !== true) return sendJson(response, 200, completion());
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const delta of [
      { role: 'assistant', content: '' },
      ...[...ANSWER].map((content) => ({ content })),
    ]) {
      response.write(chunk(delta, null));
      await wait(5);
      if (model === CUT_MODEL) return void response.destroy();
    }
    response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`);
  })}/v1`;
}

/** An agent of Datadog, which receives traces as MessagePack. @returns its URL, and what it has received */
export async function startAgent(): Promise<{ url: string; payloads: string[] }> {
  const payloads: string[] = [];
  const url = await listen(async (request, response) => {
    const payload = await text(request);
    if (request.url?.includes('traces') === true) payloads.push(payload);
    sendJson(response, 200, {});
  });
  return { url, payloads };
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>,
): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function completion(): object {
  const message = { role: 'assistant', content: ANSWER, refusal: null };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message, finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  };
}

function chunk(delta: object, finish_reason: string | null): string {
  const choices = [{ index: 0, delta, finish_reason }];
  const body = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-mini',
    choices,
  };
  return `data: ${JSON.stringify(body)}\n\n`;
}
