import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';

export const VIEW_USAGE: string =
  'Usage: opentelemetry-instrumentation-openai view [--port <port>]\n' +
  '       opentelemetry-instrumentation-openai view <file> [--output <page>]\n' +
  '       opentelemetry-instrumentation-openai view <file or folder> --watch [--port <port>]\n' +
  'Without a file, it receives traces over OTLP/HTTP on this machine and shows them as they arrive.\n' +
  '  <file>    OTLP/JSON: one document, or one per line, as the collector writes them; - reads standard input\n' +
  '  --output  path of the page; default: openai-traces.html\n' +
  '  --watch   also shows the file, or the .json, .jsonl and .ndjson files of the folder, as they grow\n' +
  '  --port    port of the page and of OTLP; default: 4318\n';

/** The port of OTLP over HTTP. */
const OTLP_PORT = 4318;

export interface ViewParameters {
  readonly help: boolean;
  readonly file: string | undefined;
  readonly page: string;
  /** Whether a live page shows the file, or the folder. */
  readonly watch: boolean;
  readonly port: number;
}

/** @returns `undefined` for wrong parameters */
export function readViewParameters(parameters: readonly string[]): ViewParameters | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        output: { type: 'string' },
        watch: { type: 'boolean', default: false },
        port: { type: 'string' },
      },
    });
    const [file] = positionals;
    const { help, output, watch, port } = values;
    const isWatched = watch || (file !== undefined && isFolder(file));
    const isConsistent =
      isWatched || file === undefined
        ? output === undefined && (!watch || file !== undefined)
        : port === undefined;
    const number = port === undefined ? OTLP_PORT : /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
    if (!help && (!isConsistent || positionals.length > 1 || !(number <= 65_535))) return undefined;
    return { help, file, page: output ?? 'openai-traces.html', watch: isWatched, port: number };
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
