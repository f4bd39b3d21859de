import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { readOtlpJson } from './otlp-json.ts';
import { pageDocument } from './page-document.ts';
import { writePage } from './page-file.ts';

const USAGE =
  'Usage: opentelemetry-instrumentation-openai view <file> [--output <page>]\n' +
  '  <file>    OTLP as JSON: a document, or one per line as a collector writes them; - for standard input\n' +
  '  --output  where the page is written; otherwise openai-traces.html\n';
/** UTF-16 units of spans that a browser can be expected to open. */
const LARGEST = 50_000_000;

interface Output {
  write(text: string): unknown;
}

/**
 * The command `view`: makes a page of a file of traces.
 *
 * @returns the exit code: 0 when there is a page, 1 when the file has no spans, 2 when it is not clear what is wanted
 */
export function view(parameters: readonly string[], output: Output, errors: Output): number {
  const wanted = readParameters(parameters);
  if (wanted === undefined) {
    errors.write(USAGE);
    return 2;
  }
  try {
    const { spans, unreadable } = readOtlpJson(textOf(readFileSync(wanted.file === '-' ? 0 : wanted.file)));
    if (unreadable > 0) errors.write(`${unreadable} lines are no JSON and were passed over.\n`);
    if (spans.length === 0) {
      errors.write(`There are no spans in ${wanted.file}. It has to be OTLP as JSON.\n`);
      return 1;
    }
    const shown = fitting(spans.map((span) => JSON.stringify(span)));
    writePage(wanted.page, pageDocument(shown, spans.length - shown.length));
    output.write(`${shown.length} spans: ${pathToFileURL(wanted.page).href}\n`);
    return 0;
  } catch (error) {
    errors.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** Older PowerShells write UTF-16 where a program's output goes to a file. */
function textOf(bytes: Uint8Array): string {
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

function fitting(spans: readonly string[]): readonly string[] {
  let size = 0;
  const end = spans.findIndex((span) => {
    size += span.length;
    return size > LARGEST;
  });
  return end < 0 ? spans : spans.slice(0, end);
}
