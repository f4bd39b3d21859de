import type OpenAI from 'openai';
import { addMessage, createThread } from './assistants.ts';
import { newRun, type Run, type RunBody } from './objects.ts';
import { page } from './pages.ts';
import { DONE, eventStream, json, missing, type Reply, RequestError, type ServerSentEvent } from './reply.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { LiveRun, presentStep, type ToolOutput } from './run.ts';
import type { ThreadRecord, World } from './world.ts';

type CreateAndRunBody = OpenAI.Beta.ThreadCreateAndRunParams;

/** Keeps the poll helpers of the SDK quick: they wait as long as the answer says. */
const POLL_AFTER = { 'openai-poll-after-ms': '5' };

/** What a client puts into `include[]` to get the text of file search results. */
const SEARCH_CONTENT = 'step_details.tool_calls[*].file_search.results[*].content';

/** Runs and their steps. `/threads/runs` stands first, since `/threads/{thread_id}` would match it too. */
export function runRoutes(world: World): readonly Route[] {
  const runOf = (call: Call) => world.run(call.parameter('thread_id'), call.parameter('run_id'));
  return routeTable({
    'POST /threads/runs': (call) => createThreadAndRun(world, call),
    'POST /threads/{thread_id}/runs': (call) => createRun(world, call),
    'GET /threads/{thread_id}/runs': (call) => {
      const { runs } = world.thread(call.parameter('thread_id'));
      return json(
        page(
          runs.map((run) => run.object),
          call.query,
        ),
      );
    },
    'GET /threads/{thread_id}/runs/{run_id}': (call) => {
      const run = runOf(call);
      run.poll();
      return json(run.object, { headers: POLL_AFTER });
    },
    'POST /threads/{thread_id}/runs/{run_id}': (call) => json(Object.assign(runOf(call).object, call.body)),
    'POST /threads/{thread_id}/runs/{run_id}/cancel': (call) => {
      const run = runOf(call);
      run.cancel();
      return json(run.object);
    },
    'POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs': (call) =>
      submitToolOutputs(runOf(call), call),
    'GET /threads/{thread_id}/runs/{run_id}/steps': (call) => {
      const list = page(runOf(call).steps, call.query);
      return json({
        ...list,
        data: list.data.map((step) => presentStep(step, asksForSearchContent(call))),
      });
    },
  });
}

function createRun(world: World, call: Call): Reply {
  const body = call.body as OpenAI.Beta.Threads.RunCreateParams | null;
  const thread = world.thread(call.parameter('thread_id'));
  const active = thread.runs.find((candidate) => candidate.active);
  if (active) {
    throw new RequestError(400, `Thread ${thread.object.id} already has an active run ${active.object.id}.`);
  }
  const run = startRun(world, thread, call, () => {
    for (const message of body?.additional_messages ?? []) addMessage(world, thread, message);
  });
  return body?.stream ? streamed(run.stream()) : json(run.object);
}

function createThreadAndRun(world: World, call: Call): Reply {
  const body = call.body as CreateAndRunBody | null;
  // Looked up before the thread is made: a refused request leaves no thread behind.
  if (body?.assistant_id) world.assistant(body.assistant_id);
  const thread = createThread(world, body?.thread ?? null);
  const run = startRun(world, thread, call);
  if (!body?.stream) return json(run.object);
  return streamed([run.event('thread.created', thread.object), ...run.stream()]);
}

function startRun(world: World, thread: ThreadRecord, call: Call, prepare?: () => void): LiveRun {
  const body = call.body as RunBody | null;
  if (!body?.assistant_id) throw missing('assistant_id');
  const assistant = world.assistant(body.assistant_id);
  prepare?.();
  const object: Run = newRun(
    world.identifiers.next('run_'),
    world.clock.now(),
    assistant,
    thread.object,
    body,
  );
  const run = new LiveRun(world, thread, object, world.scripts.shift() ?? {}, asksForSearchContent(call));
  thread.runs.push(run);
  return run;
}

function submitToolOutputs(run: LiveRun, call: Call): Reply {
  const body = call.body as { tool_outputs?: readonly ToolOutput[]; stream?: boolean | null } | null;
  const events = run.submit(body?.tool_outputs ?? []);
  return body?.stream ? streamed([...events, ...run.stream()]) : json(run.object);
}

function streamed(events: readonly ServerSentEvent[]): Reply {
  return eventStream([...events, { event: 'done', data: DONE }]);
}

function asksForSearchContent(call: Call): boolean {
  return [...call.query.getAll('include[]'), ...call.query.getAll('include')].includes(SEARCH_CONTENT);
}
