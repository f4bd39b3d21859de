import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { created, done, SESSION } from '../hierarchy/realtime/events.ts';
import { newFolder } from '../support/folders.ts';
import { findings, type ProgramOutcome, runProgram, type WrittenSpan } from '../support/lanes/program.ts';
import { type ResponseScript, type SocketScript, startSimulator } from '../support/simulator/index.ts';

interface Started {
  readonly lane: string;
  readonly line: 2 | 3;
  readonly format: 'cjs' | 'mjs';
  /** A task of test/lanes/programs/agents-tasks.cjs. */
  readonly task: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly answers?: readonly ResponseScript[];
  /** Modules that are loaded before. */
  readonly before?: readonly string[];
  readonly onSocket?: SocketScript;
  /** The library does not tell where it has sent its calls. */
  readonly hidesAddress?: boolean;
}

/** Runs a program of `@openai/agents`, and checks what it has recorded. */
async function run({
  lane,
  line,
  format,
  task,
  env = {},
  answers = [],
  before = [],
  onSocket,
  hidesAddress = false,
}: Started): Promise<ProgramOutcome> {
  const simulator = await startSimulator();
  simulator.respond(...answers);
  if (onSocket !== undefined) simulator.onSocket(onSocket);
  const load = format === 'cjs' ? '--require' : '--import';
  const outcome = await runProgram({
    lane,
    parameters: [
      ...[...before, `./sdk-${line}.${format}`, `./agents-entry.${format}`].flatMap((file) => [load, file]),
      `./agents.${format}`,
    ],
    env: { ...env, TASK: task, BASE_URL: simulator.url },
  });
  await simulator.close();
  const found = findings(outcome, { content: false });
  const isExpected = (text: string): boolean => hidesAddress && text.includes('server.address is missing');
  expect(found.filter((text) => !isExpected(text))).toEqual([]);
  return outcome;
}

const LANES = [
  { lane: 'openai-agents', line: 3 },
  { lane: 'openai-agents-oldest', line: 3 },
  { lane: 'openai-agents-sdk-2', line: 2 },
] as const;

const BUILDS = LANES.flatMap((lane) =>
  (['cjs', 'mjs'] as const).flatMap((format) =>
    ([true, false] as const).map((tracing) => ({ ...lane, format, tracing })),
  ),
);

/** The library does not trace where this says so. */
function tracingIs(tracing: boolean): Record<string, string> {
  return { OPENAI_AGENTS_DISABLE_TRACING: tracing ? '0' : '1', NODE_ENV: '' };
}

const CALLING = { output: [{ function: { name: 'echo', arguments: {} } }] };
const DONE = { output: [{ message: 'Done.' }] };

test.each(BUILDS)(
  '$lane, $format, tracing $tracing: a run is one tree, and a session is a conversation',
  async ({ tracing, ...started }) => {
    const { spans, result } = await run({
      ...started,
      task: 'toolAndSession',
      env: tracingIs(tracing),
      answers: [CALLING, DONE, DONE, DONE],
    });
    expect(result).toEqual(['Done.', 'Done.', 'Done.']);
    const inSession = `
      invoke_workflow Agent workflow  gen_ai.conversation.id=session-1
      └─ invoke_agent Helper          gen_ai.conversation.id=session-1
         └─ chat gpt-4o               gen_ai.conversation.id=session-1
    `;
    assertSpanTree(
      spans,
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         ├─ chat gpt-4o
         ├─ execute_tool echo
         └─ chat gpt-4o
      ${inSession}
      ${inSession}
      `,
    );
  },
);

test.each([
  { format: 'cjs', tracing: true },
  { format: 'mjs', tracing: true },
  { format: 'mjs', tracing: false },
] as const)(
  'two copies of the library record one tree: $format, tracing $tracing',
  async ({ format, tracing }) => {
    const { spans, result } = await run({
      lane: 'openai-agents-sdk-2',
      line: 2,
      format,
      task: 'copies',
      env: { ...tracingIs(tracing), OTHER: 'agents-0.16' },
      answers: [
        { output: [{ function: { name: 'ask', arguments: {} } }] },
        { output: [{ message: 'Inside.' }] },
        { output: [{ message: 'Outside.' }] },
      ],
    });
    expect(result).toBe('Outside.');
    assertSpanTree(
      spans,
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Outer
         ├─ chat gpt-4o
         ├─ execute_tool ask
         │  └─ invoke_agent Inner
         │     └─ chat gpt-4o
         └─ chat gpt-4o
    `,
    );
  },
);

test("records the calls over the library's own WebSocket, by the model that answered", async () => {
  const { spans } = await run({
    lane: 'openai-agents',
    line: 3,
    format: 'mjs',
    task: 'webSocket',
    env: tracingIs(true),
    answers: [CALLING, DONE],
    hidesAddress: true,
  });
  assertSpanTree(
    spans,
    `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         ├─ chat gpt-4o-2024-07-18
         ├─ execute_tool echo
         └─ chat gpt-4o-2024-07-18
    `,
  );
});

test.each(['cjs', 'mjs'] as const)('the module hooks see realtime agents: %s', async (format) => {
  const { spans, result } = await run({
    lane: 'openai-agents',
    line: 3,
    format,
    task: 'voice',
    onSocket(socket) {
      socket.send({ type: 'session.created', event_id: 'event_1', session: SESSION });
      socket.onText = (text) => {
        if (JSON.parse(text).type !== 'response.create') return;
        socket.send(created('resp_1'));
        socket.send(done('resp_1', {}));
      };
    },
  });
  expect(result).toEqual(['session.created', 'response.created', 'response.done']);
  assertSpanTree(
    spans,
    `
      realtime
      └─ chat gpt-realtime
    `,
  );
});

/** A person approves of a tool in another process than the one that asked. */
test.each([{ linked: false }, { linked: true }])(
  'records what another process resumes, and links it with propagateInMetadata: $linked',
  async ({ linked }) => {
    const started = {
      lane: 'openai-agents',
      line: 3,
      format: 'mjs',
      before: ['./propagator.mjs'],
      env: {
        ...tracingIs(true),
        OTEL_INSTRUMENTATION_OPENAI_PROPAGATE_IN_METADATA: String(linked),
        STATE: join(await newFolder(), 'state.json'),
      },
    } as const;
    const asks = [{ output: [{ function: { name: 'remove', arguments: {} } }] }];
    const asked = await run({ ...started, task: 'ask', answers: asks });
    const resumed = await run({ ...started, task: 'resume', answers: [DONE] });
    expect([asked.result, resumed.result]).toEqual([1, 'Done.']);
    assertSpanTree(
      asked.spans,
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         └─ chat gpt-4o
      `,
    );
    assertSpanTree(
      resumed.spans,
      `
      invoke_workflow Agent workflow
      └─ invoke_agent Helper
         ├─ execute_tool remove
         └─ chat gpt-4o
      `,
    );
    const [first, second] = [asked, resumed].map(
      ({ spans }) => spans.find(({ name }) => name === 'invoke_agent Helper')?.attributes,
    );
    expect(first?.['openai.agents.trace_id']).toMatch(/^trace_/);
    expect(second?.['openai.agents.trace_id']).toBe(first?.['openai.agents.trace_id']);
    const place = workflowIn(asked)?.spanContext();
    const link = { context: { traceId: place?.traceId, spanId: place?.spanId } };
    expect(workflowIn(resumed)?.links).toMatchObject(linked ? [link] : []);
  },
);

function workflowIn({ spans }: ProgramOutcome): WrittenSpan | undefined {
  return spans.find(({ name }) => name.startsWith('invoke_workflow'));
}
