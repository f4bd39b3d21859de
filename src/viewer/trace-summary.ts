import * as ATTR from '../semconv/attributes.ts';
import { isNumber } from './amounts.ts';
import { attributeText, messageText, readMessages } from './messages.ts';
import { type ModalityAmount, modalitiesOf } from './modalities.ts';
import {
  compareTimes,
  type FinishedSpan,
  isTranscription,
  type Row,
  STATUS_ERROR,
  type Time,
} from './tree.ts';
import { addedUsage, NOTHING_USED, type SpanUsage, spanUsage } from './usage.ts';
import { type Voice, voicesOf } from './voice.ts';

/** Facts about a trace as a whole. */
export interface TraceSummary extends SpanUsage {
  readonly traceId: string;
  readonly start: Time;
  readonly end: Time;
  /** The first prompt of the user, if content was recorded. */
  readonly prompt: string | undefined;
  /** The last text of a model, if content was recorded. */
  readonly answer: string | undefined;
  /** The names of the models, in the order of their first use. */
  readonly models: readonly string[];
  /** The `service.name` of the resource, unless it is the default of the SDK. */
  readonly service: string | undefined;
  readonly project: string | undefined;
  readonly environment: string | undefined;
  /** The tokens by modality, and what they cost. Empty if all tokens are text. */
  readonly modalities: readonly ModalityAmount[];
  /** How often things happened: runs, steps, tool calls and so on. */
  readonly counts: readonly TraceCount[];
  readonly retries: number;
  /** The model and tool calls in order, and turns that report tokens of their own. */
  readonly calls: readonly Row[];
  /** The failed spans, except failed attempts and spans that only pass on the error of a failed child. */
  readonly errors: readonly Row[];
  /** `ok`, or the status of a run that neither completed nor failed. */
  readonly outcome: string;
  /** The call with the highest cost, if several calls have a cost. */
  readonly costliest: Row | undefined;
  /** Who spoke when in the realtime sessions of the trace. */
  readonly voices: readonly Voice[];
}

/** @param rows all rows of the trace */
export function summarize(traceId: string, rows: readonly Row[]): TraceSummary {
  const spans = rows.map(({ node }) => node.span);
  const resources = spans.map(({ resource }) => resource?.attributes ?? {});
  const attributes = spans.map((span) => span.attributes);
  return {
    traceId,
    start: edgeOf(
      spans.map(({ startTime }) => startTime),
      -1,
    ),
    end: edgeOf(
      spans.map(({ endTime }) => endTime),
      1,
    ),
    prompt: firstPrompt(spans),
    answer: lastAnswer(spans),
    models: namesIn(attributes, [ATTR.GEN_AI_RESPONSE_MODEL, ATTR.GEN_AI_REQUEST_MODEL]),
    service: namesIn(resources, ['service.name']).find((name) => !name.startsWith('unknown_service')),
    project: namesIn(attributes, [ATTR.OPENAI_TRACE_PROJECT])[0],
    environment: namesIn([...attributes, ...resources], [ATTR.DEPLOYMENT_ENVIRONMENT_NAME])[0],
    ...attributes.map(spanUsage).reduce(addedUsage, NOTHING_USED),
    modalities: modalitiesOf(attributes),
    counts: countsOf(rows),
    retries: rows.filter(isRetry).length,
    calls: rows.filter(({ node }) => isListedCall(node.span)),
    errors: errorsIn(rows),
    outcome: outcomeOf(rows.map(({ node }) => node.span)),
    costliest: costliestOf(rows),
    voices: voicesOf(rows),
  };
}

/** The earliest (-1) or latest (1) of several times. */
function edgeOf(times: readonly Time[], sign: 1 | -1): Time {
  return times.reduce((a, b) => (sign * (b[0] - a[0] || b[1] - a[1]) > 0 ? b : a), times[0] ?? [0, 0]);
}

type Attributes = FinishedSpan['attributes'];

/** For each span, the value of the first of these attributes that it has. Without duplicates. */
function namesIn(all: readonly Attributes[], names: readonly string[]): string[] {
  const values = all.map((each) => names.map((name) => each[name]).find((value) => value !== undefined));
  return [...new Set(values.filter((value) => typeof value === 'string' && value !== ''))] as string[];
}

function isRetry({ node, parent }: Row): boolean {
  const resent = node.span.attributes[ATTR.HTTP_REQUEST_RESEND_COUNT];
  return parent !== undefined && node.span.name === 'attempt' && isNumber(resent) && resent > 0;
}

/** First the errors that made the whole trace fail, the latest first, and then all other errors. */
function errorsIn(rows: readonly Row[]): Row[] {
  const ended = new Set<Row | undefined>([undefined]);
  // Parents come before their children.
  for (const row of rows)
    if (row.node.span.status.code === STATUS_ERROR && ended.has(row.parent)) ended.add(row);
  const errors = rows.filter(isOwnError);
  const byEnd = (a: Row, b: Row): number => compareTimes(b.node.span.endTime, a.node.span.endTime);
  return [...errors.filter((row) => ended.has(row)).sort(byEnd), ...errors.filter((row) => !ended.has(row))];
}

function isOwnError({ node }: Row): boolean {
  const failed = ({ name, status }: FinishedSpan): boolean =>
    status.code === STATUS_ERROR && name !== 'attempt';
  return failed(node.span) && !node.children.some(({ span }) => failed(span) && isSameError(span, node.span));
}

/** Whether two spans may report the same error: neither the types nor the messages contradict each other. */
function isSameError(one: FinishedSpan, other: FinishedSpan): boolean {
  const differ = (a: unknown, b: unknown): boolean => Boolean(a) && Boolean(b) && a !== b;
  return (
    !differ(one.attributes[ATTR.ERROR_TYPE], other.attributes[ATTR.ERROR_TYPE]) &&
    !differ(one.status.message, other.status.message)
  );
}

function outcomeOf(spans: readonly FinishedSpan[]): string {
  if (spans.some(({ isOpen }) => isOpen)) return 'not ended';
  const ends = new Map<string, string>();
  const inOrder = spans.toSorted((a, b) => compareTimes(a.startTime, b.startTime));
  for (const { attributes: each } of inOrder) {
    const run = invocationIn(each);
    const status =
      each[ATTR.OPENAI_RUN_OBSERVED] === false ? 'end not observed' : each[ATTR.OPENAI_RUN_STATUS];
    // A run that continued after a pause has several spans. The last one has the final status.
    if (run !== undefined) ends.set(run, attributeText(status ?? 'completed'));
  }
  return [...ends.values()].find((end) => end !== 'completed') ?? 'ok';
}

/** The last user message of the first call that has one. Messages before it are history. */
function firstPrompt(spans: readonly FinishedSpan[]): string | undefined {
  for (const { attributes } of spans) {
    const prompt = readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES])?.findLast(
      ({ role }) => role === 'user',
    );
    const text = messageText(prompt);
    if (text) return text;
  }
  return undefined;
}

/** The text of the model answer that ended last. */
function lastAnswer(spans: readonly FinishedSpan[]): string | undefined {
  const answers = spans.filter(({ attributes }) => attributes[ATTR.GEN_AI_OUTPUT_MESSAGES] !== undefined);
  answers.sort((a, b) => b.endTime[0] - a.endTime[0] || b.endTime[1] - a.endTime[1]);
  for (const span of answers) {
    if (isTranscription(span)) continue;
    const answer = readMessages(span.attributes[ATTR.GEN_AI_OUTPUT_MESSAGES])?.at(-1);
    const text = messageText(answer);
    if (text) return text;
  }
  return undefined;
}

function costliestOf(rows: readonly Row[]): Row | undefined {
  const costOfRow = ({ node }: Row): number => Number(node.span.attributes[ATTR.OPENAI_COST]);
  const priced = rows.filter(({ node }) => isNumber(node.span.attributes[ATTR.OPENAI_COST]));
  if (priced.length < 2) return undefined;
  return priced.reduce((most, row) => (costOfRow(row) > costOfRow(most) ? row : most));
}

type Span = Pick<FinishedSpan, 'name' | 'attributes'>;

/** How often things with the same label occurred in a trace. */
interface TraceCount {
  readonly label: string;
  readonly count: number;
}

/** Operations that call a model, whether or not they report tokens. */
const MODEL_OPERATIONS: ReadonlySet<unknown> = new Set([
  'chat',
  'text_completion',
  'generate_content',
  'embeddings',
]);

/** What is counted. A span counts only for the first label that fits it. */
const COUNTED: readonly (readonly [label: string, fits: (span: Span) => boolean])[] = [
  [
    'Runs',
    ({ attributes }) => isInvocation(attributes) && isOfApi('assistants', ATTR.OPENAI_RUN_ID, attributes),
  ],
  [
    'Subagent turns',
    ({ attributes }) => isInvocation(attributes) && attributes[ATTR.OPENAI_SUBAGENT_ID] !== undefined,
  ],
  [
    'Turns',
    ({ attributes }) => isInvocation(attributes) && isOfApi('agents', ATTR.OPENAI_TURN_ID, attributes),
  ],
  ['Agent invocations', ({ attributes }) => isInvocation(attributes)],
  ['Tool calls', ({ attributes }) => attributes[ATTR.GEN_AI_OPERATION_NAME] === 'execute_tool'],
  ['Searches', ({ attributes }) => attributes[ATTR.GEN_AI_OPERATION_NAME] === 'retrieval'],
  ['Transcriptions', ({ name, attributes }) => name === 'transcription' && hasUsage(attributes)],
  [
    'Model calls',
    ({ attributes }) => MODEL_OPERATIONS.has(attributes[ATTR.GEN_AI_OPERATION_NAME]) || hasUsage(attributes),
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

/** What a trace contains, counted under the names that its APIs use. Labels with a count of 0 are left out. */
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
    // A step has one span for the model call, and one for each of its tool calls, so steps are counted by id.
    const step = node.span.attributes[ATTR.OPENAI_STEP_ID];
    if (isOperation(node.span.attributes) && step !== undefined) steps.add(step);
    const interrupted = node.span.attributes[ATTR.OPENAI_REALTIME_INTERRUPTION_COUNT];
    if (isNumber(interrupted)) interruptions += interrupted;
  }
  counts.set('Steps', steps.size);
  counts.set('Interruptions', interruptions);
  return ORDER.map((label) => ({ label, count: counts.get(label) ?? 0 })).filter((each) => each.count > 0);
}

/** Whether a span is a model or tool call. A turn of an agent counts as one if it reports the tokens itself. */
function isListedCall({ attributes }: Span): boolean {
  const operation = attributes[ATTR.GEN_AI_OPERATION_NAME];
  return (
    MODEL_OPERATIONS.has(operation) ||
    operation === 'execute_tool' ||
    operation === 'retrieval' ||
    hasUsage(attributes)
  );
}

function isInvocation(attributes: Span['attributes']): boolean {
  return attributes[ATTR.GEN_AI_OPERATION_NAME] === 'invoke_agent';
}

/** A key for a run or turn in a trace. One that continued after a pause has several spans with the same key. */
function invocationIn(attributes: Span['attributes']): string | undefined {
  const id = attributes[ATTR.OPENAI_RUN_ID] ?? attributes[ATTR.OPENAI_TURN_ID];
  if (!isInvocation(attributes) || id === undefined) return undefined;
  const place = [ATTR.SERVER_ADDRESS, ATTR.GEN_AI_CONVERSATION_ID, ATTR.OPENAI_SUBAGENT_ID];
  return JSON.stringify([...place.map((name) => attributes[name]), id]);
}

/** A run or turn that failed before it had an id is recognized by its API. */
function isOfApi(api: string, id: string, attributes: Span['attributes']): boolean {
  return attributes[id] !== undefined || attributes[ATTR.OPENAI_API_TYPE] === api;
}

function isOperation(attributes: Span['attributes']): boolean {
  return attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined;
}

function hasUsage(attributes: Span['attributes']): boolean {
  return (
    isNumber(attributes[ATTR.GEN_AI_USAGE_INPUT_TOKENS]) ||
    isNumber(attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS])
  );
}
