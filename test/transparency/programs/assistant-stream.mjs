import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

const EVENTS = [
  'event',
  'run',
  'messageCreated',
  'messageDelta',
  'messageDone',
  'runStepCreated',
  'runStepDelta',
  'runStepDone',
  'toolCallCreated',
  'toolCallDelta',
  'toolCallDone',
  'textCreated',
  'textDelta',
  'textDone',
  'imageFileDone',
  'connect',
  'end',
  'error',
  'abort',
];

export default async ({ options, absent }) => {
  const { assistants, threads } = new OpenAI(options).beta ?? {};
  if (threads?.runs?.stream === undefined) return absent('runs.stream');
  const assistant = await assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Solve it.' }] });
  const helper = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const seen = [];
  for (const event of EVENTS) helper.on(event, (...args) => seen.push([event, structuredClone(args)]));
  const read = await readAll(helper);
  return {
    seen,
    read,
    run: await helper.finalRun(),
    steps: await helper.finalRunSteps(),
    messages: await helper.finalMessages(),
  };
};
