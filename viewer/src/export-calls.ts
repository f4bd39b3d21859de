import { parseArgs } from 'node:util';
import { apiOf, isBesideContent, type Json, requestOf, sentMessage, sentPart } from './call-request.ts';
import { count } from './format-amounts.ts';
import { attributeText, parseShortJson, readMessages, type SpanMessage } from './messages.ts';
import { readOtlpJson } from './otlp-json.ts';
import * as ATTR from './semconv/attributes.ts';
import { commandParameters } from './shared/command-line.ts';
import { COMMAND } from './shared/names.ts';
import type { TextStream } from './shared/text-stream.ts';
import { fileProblem, readWhole, viewText } from './trace-file.ts';
import { isHosted, type ViewedSpan } from './viewed-span.ts';

const EXPORT_USAGE: string =
  `Usage: ${COMMAND} export-calls <file> [--format evals|batch] > dataset.jsonl\n` +
  'Writes the chat completions and responses of a file of traces, a line each.\n' +
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
  const wanted = commandParameters(EXPORT_USAGE, [output, errors], parameters, parseExportParameters);
  if (typeof wanted === 'number') return wanted;
  try {
    const { spans } = readOtlpJson(viewText(readWhole(wanted.file)));
    const calls = spans.filter(
      (span) => span.attributes[ATTR.GEN_AI_INPUT_MESSAGES] !== undefined && !isHosted(span),
    );
    const lines = calls.flatMap((span) => (isChat(span) ? [lineOfCall(span, wanted.format)] : []));
    const whole = lines.filter((line) => line !== undefined);
    for (const line of whole) output.write(`${JSON.stringify(line)}\n`);
    if (lines.length > whole.length)
      errors.write(
        `Left out ${count(lines.length - whole.length, 'call')}: its content was cut, is unreadable, or cannot be written as a line.\n`,
      );
    if (new Set(whole.map(({ url }) => url)).size > 1)
      errors.write('A batch accepts one url, and these lines have several: split the output by "url".\n');
    if (whole.length > 0) return 0;
    errors.write('No whole call was found. Calls are exported if their content was recorded.\n');
  } catch (error) {
    errors.write(`${fileProblem(wanted.file, 'read', error)}\n`);
  }
  return 1;
}

function parseExportParameters(args: string[]): { readonly file: string; readonly format: string } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { format: { type: 'string', default: 'evals' } },
  });
  const [file = '', second] = positionals;
  const problem =
    (second !== undefined && `Unexpected argument '${second}'.`) ||
    (file === '' && 'It needs a file of traces.') ||
    (!['evals', 'batch'].includes(values.format) && '--format is neither evals nor batch.');
  if (problem) throw new Error(problem);
  return { ...values, file };
}

function isChat({ attributes }: ViewedSpan): boolean {
  return attributes[ATTR.GEN_AI_OPERATION_NAME] === 'chat' && attributes[ATTR.OPENAI_STEP_ID] === undefined;
}

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
  const api = apiOf(span);
  const request = requestOf(span, api);
  if (format === 'batch')
    return { custom_id: `${traceId}-${spanId}`, method: 'POST', url: `/v1${api.path}`, body: request };
  const answers = readMessages(wholeValue(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]));
  if (answers === undefined) return undefined;
  const answer = answers.flatMap((each) => api.itemsOf(sentMessage(each)));
  return { item: { request, answer, trace_id: traceId, span_id: spanId } };
}

function wholeValue(value: unknown): unknown {
  return value === undefined || CUT_MARK_JSON.test(attributeText(value)) ? undefined : parseShortJson(value);
}

/** Whether every part of a message can be exported or, like the reasoning, may be left out. */
function isExportable({ parts }: SpanMessage): boolean {
  return parts.every((part) => isBesideContent(part) || sentPart(part) !== undefined);
}
