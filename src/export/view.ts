import { closeSync, openSync, readSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { terminalSafe } from '../util/terminal-safe.ts';
import { type OtlpSpans, readOtlpJson } from './otlp-json.ts';
import { inert, pageDocument } from './page-document.ts';
import { writePage } from './page-file.ts';
import type { PageSpan } from './page-span.ts';

const USAGE =
  'Usage: opentelemetry-instrumentation-openai view <file> [--output <page>]\n' +
  '  <file>    OTLP/JSON: one document, or one per line as a collector writes them; - reads standard input\n' +
  '  --output  the path of the page; default: openai-traces.html\n';
/** UTF-16 units of spans that a browser can be expected to open. */
const MAX_PAGE_LENGTH = 50_000_000;
/** The same for one span. A longer span is omitted, so that the others still fit. */
const MAX_SPAN_LENGTH = 10_000_000;
/** Bytes of a file. Parsing a file of this size can take more than 3 GB of memory. */
const MAX_FILE_SIZE = 100 * 2 ** 20;
const CHUNK_SIZE = 2 ** 20;

interface Output {
  write(text: string): unknown;
}

/**
 * The command `view`: creates a page from a file of traces.
 *
 * @returns the exit code: 0 if the page was written, 1 if it was not, 2 for wrong arguments
 */
export function view(parameters: readonly string[], output: Output, errors: Output): number {
  if (parameters.some((parameter) => /^(?:--help|-h)$/.test(parameter))) {
    output.write(USAGE);
    return 0;
  }
  const wanted = readParameters(parameters);
  if (wanted === undefined) {
    errors.write(USAGE);
    return 2;
  }
  try {
    const found = readOtlpJson(viewText(readWhole(wanted.file)));
    for (const problem of problemsOf(found)) errors.write(`${problem}\n`);
    const { spans } = found;
    if (spans.length === 0) {
      errors.write(`${terminalSafe(wanted.file)} contains no spans. It must be OTLP/JSON.\n`);
      return 1;
    }
    const shown = fitting(spans);
    writePage(wanted.page, pageDocument(shown, spans.length - shown.length + found.omitted));
    output.write(`${shown.length} spans: ${pathToFileURL(wanted.page).href}\n`);
    return 0;
  } catch (error) {
    errors.write(`${terminalSafe(error instanceof Error ? error.message : String(error))}\n`);
    return 1;
  }
}

function problemsOf({ unreadable, stopped, tooDeep }: OtlpSpans): string[] {
  const problems: string[] = [];
  if (unreadable > 0) problems.push(`${unreadable} lines are not JSON and were skipped.`);
  if (stopped) problems.push('The rest of the file was not read.');
  if (tooDeep > 0) problems.push('Some values are nested deeper than OTLP allows and were skipped.');
  return problems;
}

/**
 * Reads a file, which may be a pipe or an endless device.
 *
 * @throws Error if it is larger than {@link MAX_FILE_SIZE}
 */
function readWhole(file: string): Uint8Array {
  const descriptor = file === '-' ? 0 : openSync(file, 'r');
  try {
    let bytes = Buffer.allocUnsafe(CHUNK_SIZE);
    for (let size = 0; ; ) {
      const read = readSync(descriptor, bytes, size, bytes.length - size, null);
      if (read === 0) return bytes.subarray(0, size);
      size += read;
      if (size > MAX_FILE_SIZE)
        throw new Error(
          `${file} is larger than 100 MiB. Split it: OTLP/JSON can have one document per line.`,
        );
      if (size === bytes.length) bytes = Buffer.concat([bytes], size * 2);
    }
  } finally {
    if (descriptor !== 0) closeSync(descriptor);
  }
}

/** Older versions of PowerShell redirect output as UTF-16. */
function viewText(bytes: Uint8Array): string {
  return new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8').decode(bytes);
}

function readParameters(parameters: readonly string[]): { file: string; page: string } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: { output: { type: 'string', default: 'openai-traces.html' } },
    });
    const [file] = positionals;
    return file === undefined || positionals.length > 1 ? undefined : { file, page: values.output };
  } catch {
    return undefined;
  }
}

/** The spans as JSON, within the limit of one page. */
function fitting(spans: readonly PageSpan[]): readonly string[] {
  const shown: string[] = [];
  let size = 0;
  for (const span of spans) {
    const json = JSON.stringify(span);
    if (json.length > MAX_SPAN_LENGTH) continue;
    // Escaping for the page makes the text longer.
    size += inert(json).length;
    if (size > MAX_PAGE_LENGTH) break;
    shown.push(json);
  }
  return shown;
}
