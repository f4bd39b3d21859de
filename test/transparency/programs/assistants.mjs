// Runs of assistants, in all the ways that they are driven.
import OpenAI from 'openai';
import { caught, readAll } from '../runtime/requests.mjs';

const EVENTS = [
  ...['event', 'run', 'messageCreated', 'messageDelta', 'messageDone', 'runStepCreated', 'runStepDelta'],
  ...['runStepDone', 'toolCallCreated', 'toolCallDelta', 'toolCallDone', 'textCreated', 'textDelta'],
  ...['textDone', 'imageFileDone', 'connect', 'end', 'error', 'abort'],
];
const OFTEN = { pollIntervalMs: 2 };

/** An assistant, where threads or their runs have a method. */
async function startAssistant(method, name, { options, absent }) {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads?.[method] === undefined && threads?.runs?.[method] === undefined) return absent(method);
  // From openai 5 on, which also renamed `del`, the thread's id is named.
  const isNamed = threads.delete !== undefined;
  return { threads, isNamed, assistant: await assistants.create({ model: 'gpt-4o-mini', name }) };
}

/** A tutor with a thread that has a question. */
async function startTutor(method, world) {
  const { threads, assistant, isNamed } = await startAssistant(method, 'Math Tutor', world);
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Solve it.' }] });
  return { runs: threads.runs, thread, asked: { assistant_id: assistant.id }, isNamed };
}

const RAIN = { messages: [{ role: 'user', content: 'Rain?' }] };

function outputsFor({ required_action }) {
  const calls = required_action.submit_tool_outputs.tool_calls;
  return { tool_outputs: calls.map(({ id }) => ({ tool_call_id: id, output: 'Rain' })) };
}

export default {
  async 'assistant-stream'(world) {
    const { runs, thread, asked } = await startTutor('stream', world);
    const helper = runs.stream(thread.id, asked);
    const seen = [];
    for (const event of EVENTS) helper.on(event, (...args) => seen.push([event, structuredClone(args)]));
    const read = await readAll(helper);
    const [run, steps] = [await helper.finalRun(), await helper.finalRunSteps()];
    return { seen, read, run, steps, messages: await helper.finalMessages() };
  },

  async 'assistant-stream-aborted'(world) {
    const { runs, thread, asked } = await startTutor('stream', world);
    const helper = runs.stream(thread.id, asked);
    helper.once('messageDelta', () => helper.abort());
    const outcome = await caught(() => helper.done());
    return { outcome, cancelled: await world.cancelled() };
  },

  async 'assistant-stream-tools'(world) {
    const { threads, assistant, isNamed } = await startAssistant('createAndRunStream', 'Weather Bot', world);
    const asking = threads.createAndRunStream({ assistant_id: assistant.id, thread: RAIN });
    const asked = await asking.finalRun();
    const { id, thread_id } = asked;
    const outputs = outputsFor(asked);
    const answering = isNamed
      ? threads.runs.submitToolOutputsStream(id, { thread_id, ...outputs })
      : threads.runs.submitToolOutputsStream(thread_id, id, outputs);
    return { asked, events: await readAll(answering), answered: await answering.finalRun() };
  },

  async 'run-raw-stream'(world) {
    const { runs, thread, asked } = await startTutor('create', world);
    const stream = await runs.create(thread.id, { ...asked, stream: true });
    // openai 4.19 knows no streamed runs: it hands out the text as it came.
    return typeof stream === 'string' ? stream : readAll(stream);
  },

  async 'run-polled-by-hand'(world) {
    const { threads, assistant, isNamed } = await startAssistant('create', 'Math Tutor', world);
    const thread = await threads.create();
    const message = await threads.messages.create(thread.id, { role: 'user', content: 'Solve it.' });
    let run = await threads.runs.create(thread.id, { assistant_id: assistant.id });
    const seen = [run];
    while (['queued', 'in_progress'].includes(run.status)) {
      run = isNamed
        ? await threads.runs.retrieve(run.id, { thread_id: thread.id })
        : await threads.runs.retrieve(thread.id, run.id);
      seen.push(run);
    }
    const messages = await threads.messages.list(thread.id, { limit: 10 });
    return { assistant, thread, message, seen, messages: messages.data };
  },

  async 'run-create-and-poll'(world) {
    const { runs, thread, asked } = await startTutor('createAndPoll', world);
    const run = await runs.createAndPoll(thread.id, asked, OFTEN);
    return { run, fail: await runs.createAndPoll(thread.id, asked, OFTEN) };
  },

  async 'run-create-thread-and-poll'(world) {
    const { threads, assistant, isNamed } = await startAssistant('createAndRunPoll', 'Weather Bot', world);
    const asked = await threads.createAndRunPoll({ assistant_id: assistant.id, thread: RAIN }, OFTEN);
    const { id, thread_id } = asked;
    const outputs = outputsFor(asked);
    const { runs } = threads;
    const answered = isNamed
      ? await runs.submitToolOutputsAndPoll(id, { thread_id, ...outputs }, OFTEN)
      : await runs.submitToolOutputsAndPoll(thread_id, id, outputs, OFTEN);
    const pages = isNamed ? runs.steps.list(id, { thread_id }) : runs.steps.list(thread_id, id);
    return { asked, answered, steps: await readAll(pages) };
  },
};
