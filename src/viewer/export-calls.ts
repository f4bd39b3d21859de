import { parseArgs } from 'node:util';
import * as ATTR from '../semconv/attributes.ts';
import { commandParameters } from '../util/terminal-safe.ts';
import type { TextStream } from '../util/text-stream.ts';
import { COMMAND } from '../util/version.ts';
import { count } from './amounts.ts';
import { CHAT_API, type Json, requestOf, sentMessage, sentPart } from './call-request.ts';
import { attributeText, isRecord, parseShortJson, readMessages, type SpanMessage } from './messages.ts';
import { readOtlpJson } from './otlp-json.ts';
import { fileProblem, readWhole, viewText } from './trace-file.ts';
import type { ViewedSpan } from './viewed-span.ts';

const EXPORT_USAGE: string =
  `Usage: ${COMMAND} export-calls <file> [--format evals|batch] > dataset.jsonl\n` +
  'Writes the chat completions and responses of a file of traces, a line each, as chat completions.\n' +
  '  <file>    OTLP/JSON: one document, or one per line, as the collector writes them; - reads standard input\n' +
  '  --format  evals (default): {"item":{"request":…,"answer":…}}; batch: the input of a batch, without answers\n';

/** Finds marks of content that was cut or left out. A call with such content cannot be repeated. */
const CUT_MARK_JSON =
  /"(?:original_length|omitted_parts|omitted_messages|omitted)":|"type":"(?:omitted|blob)"|…"/;

/**
 * The command `export-calls`: writes the requests and answers in a file of traces as lines for evaluations and batches.
 *
 * @returns the exit code: 0 if there were calls, 1 if there were none, 2 for wrong parameters
 */
export function runExportCalls(
  parameters: readonly string[],
  output: TextStream,
  errors: TextStream,
): number {
  const wanted = commandParameters(EXPORT_USAGE, errors, () => parseExportParameters(parameters));
  if (wanted === undefined) return 2;
  if (wanted.help) {
    output.write(EXPORT_USAGE);
    return 0;
  }
  try {
    const { spans } = readOtlpJson(viewText(readWhole(wanted.file)));
    const calls = spans.filter(({ attributes }) => attributes[ATTR.GEN_AI_INPUT_MESSAGES] !== undefined);
    const lines = calls.flatMap((span) => (isChat(span) ? [lineOfCall(span, wanted.format)] : []));
    const whole = lines.filter((line) => line !== undefined);
    for (const line of whole) output.write(`${JSON.stringify(line)}\n`);
    if (lines.length > whole.length)
      errors.write(
        `Left out ${count(lines.length - whole.length, 'call')}: content is cut, not readable, or of a kind that a line cannot have.\n`,
      );
    if (whole.length > 0) return 0;
    errors.write('No whole call was found. Calls are exported if their content was recorded.\n');
  } catch (error) {
    errors.write(`${fileProblem(wanted.file, 'read', error)}\n`);
  }
  return 1;
}

function parseExportParameters(parameters: readonly string[]): {
  readonly help: boolean;
  readonly file: string;
  readonly format: string;
} {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      format: { type: 'string', default: 'evals' },
    },
  });
  const [file = '', second] = positionals;
  const { help, format } = values;
  if (!help && second !== undefined) throw new Error(`Unexpected argument '${second}'.`);
  if (!help && file === '') throw new Error('It needs a file of traces.');
  if (!['evals', 'batch'].includes(format)) throw new Error('--format is neither evals nor batch.');
  return { help, file, format };
}

function isChat({ attributes }: ViewedSpan): boolean {
  return attributes[ATTR.GEN_AI_OPERATION_NAME] === 'chat' && attributes[ATTR.OPENAI_STEP_ID] === undefined;
}

/** @returns `undefined` if a part of the request or of the answer is missing */
function lineOfCall(span: ViewedSpan, format: string): Json | undefined {
  const { attributes, traceId, spanId } = span;
  const isCut = [
    ATTR.GEN_AI_INPUT_MESSAGES,
    ATTR.GEN_AI_SYSTEM_INSTRUCTIONS,
    ATTR.GEN_AI_TOOL_DEFINITIONS,
    ATTR.OPENAI_REQUEST_BODY,
  ].some((name) => attributes[name] !== undefined && wholeValue(attributes[name]) === undefined);
  const input = readMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]);
  if (isCut || input === undefined || !input.every(isExportable)) return undefined;
  const body = wholeValue(attributes[ATTR.OPENAI_REQUEST_BODY]);
  const request = { ...requestOf(span, CHAT_API), ...asCompletion(isRecord(body) ? body : {}) };
  if (format === 'batch')
    return { custom_id: `${traceId}-${spanId}`, method: 'POST', url: '/v1/chat/completions', body: request };
  const answer = readMessages(wholeValue(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]));
  if (answer === undefined) return undefined;
  const [message = null] = answer.flatMap((each) => CHAT_API.itemsOf(sentMessage(each)));
  return { item: { request, answer: message, trace_id: traceId, span_id: spanId } };
}

/** The value of an attribute; `undefined` if it was cut or cannot be read. */
function wholeValue(value: unknown): unknown {
  return value === undefined || CUT_MARK_JSON.test(attributeText(value)) ? undefined : parseShortJson(value);
}

/** Fields of the Responses API that have another name in chat completions, and a field that goes by its later name. */
const RENAMED: Readonly<Record<string, string>> = {
  max_output_tokens: 'max_completion_tokens',
  max_tokens: 'max_completion_tokens',
};
/** Fields that are left out: how the request was sent, and what only the Responses API has. */
const NOT_REPEATED: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'background',
  'conversation',
  'include',
  'max_tool_calls',
  'previous_response_id',
  'prompt',
  'truncation',
]);

function asCompletion(body: Json): Json {
  const entries = Object.entries(body)
    .filter(([name]) => !NOT_REPEATED.has(name))
    .flatMap(([name, value]): [string, unknown][] => {
      if (name === 'reasoning') return isRecord(value) ? [['reasoning_effort', value.effort]] : [];
      if (name !== 'text') return [[RENAMED[name] ?? name, value]];
      const { format, verbosity } = isRecord(value) ? value : {};
      return [
        ['response_format', responseFormat(format)],
        ['verbosity', verbosity],
      ];
    });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Chat completions expect the schema in an object of its own. */
function responseFormat(format: unknown): unknown {
  if (!isRecord(format) || format.type !== 'json_schema') return format;
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}

/** Whether every part of a message can be exported or, like the reasoning, may be left out. */
function isExportable({ parts }: SpanMessage): boolean {
  return parts.every(
    (part) =>
      /^(?:tool_call|tool_call_response|reasoning)$/.test(String(part.type)) || sentPart(part) !== undefined,
  );
}
