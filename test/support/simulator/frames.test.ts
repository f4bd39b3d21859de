import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SimulatedSession } from '../../../examples/math-tutor/simulated-session.ts';
import { scriptResponse } from '../../canary/scripts.ts';
import {
  added,
  call,
  created,
  done,
  message,
  SESSION,
  sound,
  spoken,
  transcript,
} from '../../hierarchy/realtime/events.ts';
import { run } from '../lanes/command.ts';
import { ROOT } from '../lanes/paths.ts';
import { startProgram } from '../program.ts';
import { openResponses } from '../responses-socket.ts';

/** What a frame is, as a type. The SDK's own types leave out that a session says its id. */
const TYPES = {
  responses: `import type { ResponsesServerEvent as Frame } from 'openai/resources/responses/responses';`,
  realtime: `
    import type { RealtimeServerEvent, RealtimeSessionCreateRequest, SessionCreatedEvent } from 'openai/resources/realtime/realtime';
    type Session = RealtimeSessionCreateRequest & { id: string; object?: 'realtime.session' };
    type Frame = RealtimeServerEvent | (Omit<SessionCreatedEvent, 'session'> & { session: Session });`,
};

test('the frames of a Responses socket are of the types that the SDK has for them', async () => {
  const { client, simulator } = await startProgram();
  scriptResponse(simulator);
  const { send, received, ended, socket } = await openResponses({ client });
  send({ type: 'response.create', model: 'gpt-4o', input: 'Hello', stream_id: 'a' });
  await ended();
  simulator.respond({ end: 'failed', error: { code: 'server_error', message: 'No.' } });
  send({ type: 'response.create', model: 'gpt-4o', input: 'Hello' });
  await ended();
  send({ type: 'response.create', model: 'gpt-4o', previous_response_id: 'resp_none', input: 'Hello' });
  await ended();
  socket.close();
  expect(received.length).toBeGreaterThan(50);
  expect(await mistakesIn('responses', received)).toEqual([]);
});

test('the frames of a realtime session are of the types that the SDK has for them', async () => {
  const frames: object[] = [];
  const session = new SimulatedSession({ send: (frame) => void frames.push(frame) });
  await session.hear('item_1', 'Hello', 0);
  const id = session.begin();
  session.speak(id, 'item_2', 'Hello there');
  session.end(id, [call('item_3')]);
  session.end(session.begin(), [message('item_4', 'Hel')], true);
  const events = [
    { type: 'session.created', event_id: 'event_1', session: SESSION },
    ...[created('resp_1'), added('resp_1', call('item_1')), sound('resp_1'), spoken('resp_1', 'Hello')],
    ...[done('resp_1', { output: [message('item_2', 'Hello')] }), transcript('item_0', 'Hello')],
  ];
  expect(await mistakesIn('realtime', [...frames, ...events])).toEqual([]);
});

test('a frame that is not of its type is found', async () => {
  const frame = { ...(sound('resp_1') as { delta: string }), delta: 7 };
  expect(await mistakesIn('realtime', [frame])).not.toEqual([]);
});

/** Fields of a response that the types lack. */
const UNTYPED: ReadonlySet<string> = new Set(['billing', 'store']);

/** Leaves out what the API sends and the SDK's types do not have, and adds what they have and it does not send. */
function asTyped(key: string, value: unknown): unknown {
  if (UNTYPED.has(key)) return undefined;
  if (value === null) return key === 'user' || key === 'usage' ? undefined : null;
  const { type, object } = Object(value) as { type?: unknown; object?: unknown };
  // The SDK makes this one of an answer over HTTP, and types it everywhere.
  if (object === 'response') return { ...(value as object), output_text: '', access_programs: null };
  if (type === 'custom_tool_call') return { ...(value as object), status: undefined };
  if (type === 'response.function_call_arguments.done') return { ...(value as object), name: undefined };
  return value;
}

/** What the compiler says of frames that are written down as literals: nothing may be missing, wrong or unknown. */
async function mistakesIn(kind: keyof typeof TYPES, frames: readonly object[]): Promise<string[]> {
  const directory = await mkdtemp(join(ROOT, '.frames-'));
  try {
    const constants = frames.map(
      (frame, index) => `export const f${index}: Frame = ${JSON.stringify(frame, asTyped)};`,
    );
    const text = [TYPES[kind], ...constants].join('\n');
    await writeFile(join(directory, 'frames.mts'), text);
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { stdout } = await run(compiler, [...options, '--target', 'es2023', 'frames.mts'], {
      cwd: directory,
    });
    return stdout.split('\n').filter((line) => line !== '');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
