import type OpenAI from 'openai';
import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type { Run, RunSubmitToolOutputsParamsNonStreaming } from 'openai/resources/beta/threads/runs/runs';
import { assertSpanTree } from '../../src/testing.ts';
import { type Program, startProgram } from './program.ts';
import type { SessionOptions } from './session.ts';
import type { RunScript } from './simulator/index.ts';

/** A program with an assistant and a thread that has one question; its trees begin after that was set up. */
export interface Tutor extends Program {
  readonly assistantId: string;
  readonly threadId: string;
  /** Runs the assistant on the thread, and polls until it is over. */
  readonly run: () => Promise<Run>;
  /** Starts the same, and does not wait for it. */
  readonly create: () => Promise<Run>;
  /** Runs the assistant, and gives the events of that run. */
  readonly events: () => Promise<AsyncIterable<AssistantStreamEvent>>;
  /** Polls a run until it is over. */
  readonly poll: (runId: string) => Promise<Run>;
  /** Runs the assistant with the stream helper, to the end of the stream. */
  readonly stream: () => Promise<Run>;
  /** Adds a message of the user to the thread. */
  readonly say: (text?: string) => Promise<unknown>;
}

/** A run that asks for the value of x, and answers then. */
export const ASKS_FOR_X: RunScript = {
  steps: [{ tools: [{ function: { name: 'get_x', arguments: {} } }] }, { message: 'x is 1' }],
};

/** What a program submits for the functions that a run waits for. */
export function outputsFor(
  run: Pick<Run, 'thread_id' | 'required_action'>,
  output = '1',
): Pick<RunSubmitToolOutputsParamsNonStreaming, 'thread_id' | 'tool_outputs'> {
  const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
  return { thread_id: run.thread_id, tool_outputs: calls.map(({ id }) => ({ tool_call_id: id, output })) };
}

export async function startTutor(options: SessionOptions = {}): Promise<Tutor> {
  const program = await startProgram(options);
  const { client, telemetry } = program;
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', name: 'Math Tutor' });
  const thread = await program.inSpan(
    () => client.beta.threads.create({ messages: [{ role: 'user', content: 'What is x?' }] }),
    'set-up',
  );
  const expectTree = treesFromNow(telemetry);
  return { ...program, ...actionsOf(client, assistant.id, thread.id), expectTree };
}

/** What a program does with an assistant and a thread that there are. */
export function actionsOf(client: OpenAI, assistantId: string, threadId: string): Omit<Tutor, keyof Program> {
  const { messages, runs } = client.beta.threads;
  const asked = { assistant_id: assistantId };
  return {
    assistantId,
    threadId,
    run: () => runs.createAndPoll(threadId, asked),
    create: async () => runs.create(threadId, asked),
    events: async () => runs.create(threadId, { ...asked, stream: true }),
    poll: (runId) => runs.poll(runId, { thread_id: threadId }),
    stream: () => runs.stream(threadId, asked).finalRun(),
    say: async (content = 'And y?') => messages.create(threadId, { role: 'user', content }),
  };
}

/** Asserts what is recorded after this call, or what of that is shown. */
export function treesFromNow(
  telemetry: Program['telemetry'],
  isShown: (name: string) => boolean = () => true,
): Program['expectTree'] {
  const recorded = telemetry.spans.length;
  return async (expected) => {
    await telemetry.provider.forceFlush();
    const spans = telemetry.spans.slice(recorded).filter(({ name }) => isShown(name));
    assertSpanTree(spans, expected);
  };
}

/** Runs the assistant to the end and lists the steps of that run, as a program does that shows them. */
export async function runAndListSteps(
  { client, threadId, run }: Pick<Tutor, 'client' | 'threadId' | 'run'>,
  query: { readonly limit?: number } = {},
): Promise<void> {
  const { id } = await run();
  await client.beta.threads.runs.steps.list(id, { thread_id: threadId, ...query });
}
