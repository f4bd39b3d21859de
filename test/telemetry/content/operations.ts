import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { CaptureMessageContent, OpenAIInstrumentationConfig } from '../../../src/client.ts';
import { ask, askStreaming } from '../../support/ask.ts';
import { type Program, startProgram } from '../../support/program.ts';
import type { RunScript } from '../../support/simulator/index.ts';

/** One call of each operation with content, which says `hidden` wherever content can be. */
export interface OperationCase {
  readonly operation: string;
  readonly call: (program: Program) => Promise<unknown>;
  /** It is known from a read in the background, which is made for traces that are sampled only. */
  readonly readInBackground?: boolean;
  /** Attributes with content that it has. */
  readonly content: readonly string[];
}

export const RUN: RunScript = {
  steps: [
    {
      tools: [
        { codeInterpreter: { input: 'hidden code', logs: 'hidden logs' } },
        {
          fileSearch: {
            query: 'hidden query',
            results: [{ file_id: 'file_1', file_name: 'a.md', score: 0.5, text: 'hidden text' }],
          },
        },
      ],
      usage: { prompt: 10, completion: 5 },
    },
    { message: 'A hidden answer.', usage: { prompt: 20, completion: 5 } },
  ],
};

async function runAssistant({ client, inSpan }: Program): Promise<unknown> {
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini', instructions: 'hidden' });
  const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'hidden' }] });
  return inSpan(() => client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }));
}

const TOOL = {
  type: 'function',
  function: { name: 'get_hidden', description: 'hidden', parameters: { type: 'object', properties: {} } },
} as const;

export const OPERATIONS: readonly OperationCase[] = [
  {
    operation: 'chat',
    call: ({ client }) =>
      ask(client, 'hidden', { model: 'gpt-4o-mini', tools: [TOOL], tool_choice: 'none', stop: 'hidden' }),
    content: [
      'gen_ai.input.messages',
      'gen_ai.output.messages',
      'gen_ai.tool.definitions',
      'gen_ai.request.stop_sequences',
    ],
  },
  {
    operation: 'chat',
    call: ({ client }) => askStreaming(client, 'hidden'),
    content: ['gen_ai.input.messages', 'gen_ai.output.messages'],
  },
  {
    operation: 'chat',
    call: ({ client }) =>
      client.responses.create({
        model: 'gpt-4o',
        input: 'hidden',
        instructions: 'hidden',
        prompt: { id: 'pmpt_1', variables: { city: 'hidden' } },
      }),
    content: [
      'gen_ai.input.messages',
      'gen_ai.output.messages',
      'gen_ai.system_instructions',
      'gen_ai.prompt.variable.city',
    ],
  },
  {
    operation: 'text_completion',
    call: ({ client }) => client.completions.create({ model: 'm', prompt: 'hidden', stop: ['hidden'] }),
    content: ['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.request.stop_sequences'],
  },
  {
    operation: 'retrieval',
    call: ({ client }) => client.vectorStores.search('vs_1', { query: 'hidden' }),
    content: ['gen_ai.retrieval.query.text', 'gen_ai.retrieval.documents'],
  },
  {
    operation: 'create_agent',
    call: ({ client }) =>
      client.beta.assistants.create({
        model: 'm',
        instructions: 'hidden',
        description: 'hidden',
        tools: [TOOL, { type: 'file_search' }],
      }),
    content: ['gen_ai.system_instructions', 'gen_ai.tool.definitions', 'gen_ai.agent.description'],
  },
  {
    operation: 'invoke_agent',
    call: runAssistant,
    content: ['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions'],
  },
  {
    operation: 'execute_tool',
    call: runAssistant,
    readInBackground: true,
    content: [
      'gen_ai.tool.call.arguments',
      'gen_ai.tool.call.result',
      'gen_ai.retrieval.query.text',
      'gen_ai.retrieval.documents',
    ],
  },
  {
    operation: 'execute_tool',
    call: ({ client }) =>
      client.chat.completions
        .runTools({
          model: 'gpt-4o-mini',
          messages: [{ role: 'user', content: 'hidden' }],
          tools: [
            {
              ...TOOL,
              function: { ...TOOL.function, parse: JSON.parse, function: () => 'hidden result' },
            },
          ],
        })
        .finalContent(),
    content: ['gen_ai.tool.call.arguments', 'gen_ai.tool.call.result'],
  },
];

/** The same with titles of their own, for tests of each. */
export const CASES: readonly (OperationCase & { readonly title: string })[] = OPERATIONS.map(
  (one, index) => ({
    ...one,
    title: `${one.operation} (${index})`,
  }),
);

/** Makes the call in a mode, in a program that expects content where the mode puts it. */
export async function record(
  { call }: OperationCase,
  captureMessageContent: CaptureMessageContent,
  options: Parameters<typeof startProgram>[0] & { config?: OpenAIInstrumentationConfig } = {},
): Promise<Program> {
  const program = await startProgram({
    runs: [RUN],
    ...options,
    content: captureMessageContent === 'SPAN_ONLY' || captureMessageContent === 'SPAN_AND_EVENT',
    eventContent: captureMessageContent === 'EVENT_ONLY' || captureMessageContent === 'SPAN_AND_EVENT',
    config: { captureMessageContent, ...options.config },
  });
  await call(program);
  await program.telemetry.provider.forceFlush();
  return program;
}

export type Details = Readonly<Record<string, unknown>>;
export const DETAILS = 'gen_ai.client.inference.operation.details';
export const EXCEPTION = 'gen_ai.client.operation.exception';

export function recordsOf({ telemetry }: Program, eventName: string): ReadableLogRecord[] {
  return telemetry.logRecords.filter((logged) => logged.eventName === eventName);
}

/** What spans or log records of an operation have of content, by attribute; the last of each counts. */
export function contentOf(
  signals: readonly { readonly attributes: object }[],
  { operation, content }: OperationCase,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const { attributes } of signals as readonly { attributes: Record<string, unknown> }[]) {
    if (attributes['gen_ai.operation.name'] !== operation) continue;
    for (const name of content) if (name in attributes) found[name] = attributes[name];
  }
  return found;
}
