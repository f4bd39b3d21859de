import type OpenAI from 'openai';
import { newAssistant, newMessage, newThread } from './objects.ts';
import { page } from './pages.ts';
import { json, missing, RequestError } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';
import type { ThreadRecord, World } from './world.ts';

type ThreadBody = OpenAI.Beta.ThreadCreateParams;
type MessageBody = OpenAI.Beta.Threads.MessageCreateParams;

/** Assistants, threads and messages; their runs are in `runs.ts`. */
export function assistantRoutes(world: World): readonly Route[] {
  return [
    ...routeTable({
      'POST /assistants': (call) => createAssistant(world, call),
      'GET /assistants/{assistant_id}': (call) => json(world.assistant(call.parameter('assistant_id'))),
    }),
    ...threadRoutes(world),
    ...messageRoutes(world),
  ];
}

function createAssistant(world: World, call: Call): ReturnType<Route['answer']> {
  const body = call.body as OpenAI.Beta.AssistantCreateParams | null;
  if (!body?.model) throw missing('model');
  const assistant = newAssistant(world.identifiers.next('asst_'), world.clock.now(), body);
  world.assistants.set(assistant.id, assistant);
  return json(assistant);
}

function threadRoutes(world: World): readonly Route[] {
  return routeTable({
    'POST /threads': ({ body }) => json(createThread(world, body as ThreadBody | null).object),
    'GET /threads/{thread_id}': (call) => json(world.thread(call.parameter('thread_id')).object),
    'POST /threads/{thread_id}': (call) =>
      json(Object.assign(world.thread(call.parameter('thread_id')).object, call.body)),
    'DELETE /threads/{thread_id}': (call) => {
      const { id } = world.thread(call.parameter('thread_id')).object;
      world.threads.delete(id);
      return json({ id, object: 'thread.deleted', deleted: true });
    },
  });
}

function messageRoutes(world: World): readonly Route[] {
  return routeTable({
    'POST /threads/{thread_id}/messages': (call) => {
      const thread = world.thread(call.parameter('thread_id'));
      refuseWhileActive(thread);
      return json(addMessage(world, thread, call.body as MessageBody | null));
    },
    'GET /threads/{thread_id}/messages': (call) => {
      const { messages } = world.thread(call.parameter('thread_id'));
      const runId = call.query.get('run_id');
      const chosen = runId === null ? messages : messages.filter((message) => message.run_id === runId);
      return json(page(chosen, call.query));
    },
  });
}

export function createThread(world: World, body: ThreadBody | null): ThreadRecord {
  const object = newThread(world.identifiers.next('thread_'), world.clock.now(), body ?? {});
  const thread: ThreadRecord = { object, messages: [], runs: [] };
  world.threads.set(object.id, thread);
  for (const message of body?.messages ?? []) addMessage(world, thread, message);
  return thread;
}

export function addMessage(world: World, thread: ThreadRecord, body: MessageBody | null): object {
  if (!body?.role) throw missing('role');
  if (body.content === undefined) throw missing('content');
  const message = newMessage(world.identifiers.next('msg_'), thread.object.id, world.clock.now(), body);
  thread.messages.push(message);
  return message;
}

/** A thread takes no messages while one of its runs is active; `runs.ts` refuses further runs. */
function refuseWhileActive(thread: ThreadRecord): void {
  const active = thread.runs.find((run) => run.active);
  if (active === undefined) return;
  const { id } = thread.object;
  throw new RequestError(400, `Can't add messages to ${id} while a run ${active.object.id} is active.`);
}
