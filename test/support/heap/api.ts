import { assistantsApi } from '../../../bench/cases/assistants.ts';

/** Runs are over when they are retrieved. */
const assistants = assistantsApi(1);

/** One answer of the API, without a server and without a memory: nothing of it is kept between two requests. */
export async function answer(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const path = new URL(String(input)).pathname.replace(/^\/v1/, '');
  const method = init?.method ?? 'GET';
  if (path.startsWith('/threads')) {
    const { contentType, reads } = assistants({ method, path });
    return new Response(reads[0] ?? null, { headers: { 'content-type': contentType } });
  }
  return replyTo(method, path, typeof init?.body === 'string' ? JSON.parse(init.body) : {});
}

let made = 0;
const idOf = (prefix: string): string => `${prefix}_${String(++made).padStart(12, '0')}`;
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const TOKENS = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
const MESSAGE = { role: 'assistant', content: 'x is 1.' };

interface Body {
  readonly stream?: boolean;
  readonly conversation?: string;
  readonly background?: boolean;
  readonly model?: string;
}

type Route = readonly [
  method: string,
  path: RegExp,
  answer: (ids: readonly string[], body: Body) => Response,
];

const ROUTES: readonly Route[] = [
  ['POST', /^\/conversations$/, () => json({ id: idOf('conv'), object: 'conversation' })],
  ['POST', /^\/responses$/, (_, body) => json(response(body))],
  ['POST', /^\/agents\/sessions$/, () => json({ id: idOf('sess'), object: 'agent.session', status: 'idle' })],
  ['POST', /^\/agents\/sessions\/(\w+)\/events$/, () => new Response(null, { status: 202 })],
  ['GET', /^\/agents\/sessions\/(\w+)$/, ([id]) => json({ id, object: 'agent.session', status: 'idle' })],
  ['GET', /^\/agents\/sessions\/(\w+)\/turns$/, ([id]) => json({ object: 'list', data: [turn(id)] })],
  ['GET', /^\/agents\/sessions\/(\w+)\/turns\/(\w+)\/items$/, () => json({ object: 'list', data: [] })],
  ['POST', /^\/chat\/completions$/, (_, { stream }) => (stream ? chunks() : json(completion()))],
];

function replyTo(method: string, path: string, body: Body): Response {
  for (const [routeMethod, pattern, reply] of ROUTES) {
    const ids = method === routeMethod ? pattern.exec(path) : null;
    if (ids !== null) return reply(ids.slice(1), body);
  }
  return json({ error: { message: `No answer to ${method} ${path}` } }, 404);
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

function turn(sessionId: string | undefined): object {
  return {
    id: `turn_${sessionId}`,
    object: 'agent.session.turn',
    session_id: sessionId,
    status: 'completed',
    created_at: 1_700_000_000,
    completed_at: 1_700_000_001,
    usage: TOKENS,
  };
}

function response({ conversation, background = false }: Body): object {
  return {
    id: idOf('resp'),
    object: 'response',
    status: background ? 'queued' : 'completed',
    background,
    model: 'gpt-4o-mini',
    created_at: 1_700_000_000,
    conversation: conversation === undefined ? null : { id: conversation },
    output: [{ id: idOf('msg'), type: 'message', role: 'assistant', status: 'completed', content: [] }],
    usage: TOKENS,
  };
}

function completion(): object {
  return {
    id: idOf('chatcmpl'),
    object: 'chat.completion',
    model: 'gpt-4o-mini',
    choices: [{ index: 0, finish_reason: 'stop', message: MESSAGE }],
    usage: USAGE,
  };
}

/** A stream without an end. */
function chunks(): Response {
  const chunk = {
    id: idOf('chatcmpl'),
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: MESSAGE }],
  };
  const text = new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`);
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(text) });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
