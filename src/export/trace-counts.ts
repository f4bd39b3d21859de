import {
  ATTR_GEN_AI_CONVERSATION_ID,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_OPENAI_API_TYPE,
  ATTR_OPENAI_REALTIME_INTERRUPTION_COUNT,
  ATTR_OPENAI_RUN_ID,
  ATTR_OPENAI_STEP_ID,
  ATTR_OPENAI_SUBAGENT_ID,
  ATTR_OPENAI_TURN_ID,
  ATTR_SERVER_ADDRESS,
} from '../semconv/attributes.ts';
import { count, isNumber } from './amounts.ts';
import type { FinishedSpan, Row } from './tree.ts';

type Span = Pick<FinishedSpan, 'name' | 'attributes'>;

/** How often something happened in a trace. */
export interface TraceCount {
  readonly label: string;
  readonly count: number;
}

/** Operations that call a model, whether or not they report their tokens. */
const MODEL_OPERATIONS: ReadonlySet<unknown> = new Set([
  'chat',
  'text_completion',
  'generate_content',
  'embeddings',
]);

/** Each span counts for the first label that fits it. */
const COUNTED: readonly (readonly [label: string, fits: (span: Span) => boolean])[] = [
  [
    'Runs',
    ({ attributes }) => isInvocation(attributes) && isOfApi('assistants', ATTR_OPENAI_RUN_ID, attributes),
  ],
  [
    'Subagent turns',
    ({ attributes }) => isInvocation(attributes) && attributes[ATTR_OPENAI_SUBAGENT_ID] !== undefined,
  ],
  [
    'Turns',
    ({ attributes }) => isInvocation(attributes) && isOfApi('agents', ATTR_OPENAI_TURN_ID, attributes),
  ],
  ['Agent invocations', ({ attributes }) => isInvocation(attributes)],
  ['Tool calls', ({ attributes }) => attributes[ATTR_GEN_AI_OPERATION_NAME] === 'execute_tool'],
  ['Searches', ({ attributes }) => attributes[ATTR_GEN_AI_OPERATION_NAME] === 'retrieval'],
  ['Transcriptions', ({ name, attributes }) => name === 'transcription' && hasUsage(attributes)],
  [
    'Model calls',
    ({ attributes }) => MODEL_OPERATIONS.has(attributes[ATTR_GEN_AI_OPERATION_NAME]) || hasUsage(attributes),
  ],
];

/** The order in which counts are shown: from the conversation inwards. */
const ORDER: readonly string[] = [
  'Runs',
  'Turns',
  'Subagent turns',
  'Agent invocations',
  'Steps',
  'Model calls',
  'Transcriptions',
  'Interruptions',
  'Tool calls',
  'Searches',
];

/** What a trace contains, counted under the names of its APIs. What does not occur is left out. */
export function countsOf(rows: readonly Row[]): TraceCount[] {
  const counts = new Map<string, number>();
  const invocations = new Set<string>();
  const steps = new Set<unknown>();
  let interruptions = 0;
  for (const { node } of rows) {
    const label = COUNTED.find(([, fits]) => fits(node.span))?.[0];
    const invocation = invocationIn(node.span.attributes);
    const goesOn = invocation !== undefined && invocations.has(invocation);
    if (label !== undefined && !goesOn) counts.set(label, (counts.get(label) ?? 0) + 1);
    if (invocation !== undefined) invocations.add(invocation);
    // A step has one span for the model, and one for each of its tool calls.
    const step = node.span.attributes[ATTR_OPENAI_STEP_ID];
    if (isOperation(node.span.attributes) && step !== undefined) steps.add(step);
    const interrupted = node.span.attributes[ATTR_OPENAI_REALTIME_INTERRUPTION_COUNT];
    if (isNumber(interrupted)) interruptions += interrupted;
  }
  counts.set('Steps', steps.size);
  counts.set('Interruptions', interruptions);
  return ORDER.map((label) => ({ label, count: counts.get(label) ?? 0 })).filter((each) => each.count > 0);
}

/** Whether a span is a call of a model or a tool. A turn of an agent is one where it alone has the tokens. */
export function isListedCall({ attributes }: Span): boolean {
  const operation = attributes[ATTR_GEN_AI_OPERATION_NAME];
  return (
    MODEL_OPERATIONS.has(operation) ||
    operation === 'execute_tool' ||
    operation === 'retrieval' ||
    hasUsage(attributes)
  );
}

/** `2 runs` of a thread, `2 turns` of a session, `2 responses` of a conversation or realtime session. */
export function invocationCount({ name, attributes }: Span, total: unknown): string | undefined {
  if (name === 'thread') return count(total, 'run');
  if (name === 'session') return count(total, 'turn');
  // A conversation that the program named may consist of calls of any API.
  const isNamed = name === 'conversation' && attributes[ATTR_OPENAI_API_TYPE] !== 'responses';
  return isNamed ? count(total, 'call') : count(total, 'response');
}

function isInvocation(attributes: Span['attributes']): boolean {
  return attributes[ATTR_GEN_AI_OPERATION_NAME] === 'invoke_agent';
}

/** What identifies a run or turn in a trace: it has several spans if it went on after a pause. */
export function invocationIn(attributes: Span['attributes']): string | undefined {
  const id = attributes[ATTR_OPENAI_RUN_ID] ?? attributes[ATTR_OPENAI_TURN_ID];
  if (!isInvocation(attributes) || id === undefined) return undefined;
  const place = [ATTR_SERVER_ADDRESS, ATTR_GEN_AI_CONVERSATION_ID, ATTR_OPENAI_SUBAGENT_ID];
  return JSON.stringify([...place.map((name) => attributes[name]), id]);
}

/** A run or turn that failed before it had an id is known by its API. */
function isOfApi(api: string, id: string, attributes: Span['attributes']): boolean {
  return attributes[id] !== undefined || attributes[ATTR_OPENAI_API_TYPE] === api;
}

function isOperation(attributes: Span['attributes']): boolean {
  return attributes[ATTR_GEN_AI_OPERATION_NAME] !== undefined;
}

function hasUsage(attributes: Span['attributes']): boolean {
  return (
    isNumber(attributes[ATTR_GEN_AI_USAGE_INPUT_TOKENS]) ||
    isNumber(attributes[ATTR_GEN_AI_USAGE_OUTPUT_TOKENS])
  );
}
