import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parameterProblem } from '../util/parameter-problem.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { COMMAND } from '../util/version.ts';

export const VIEW_USAGE: string =
  `Usage: ${COMMAND} view [--port <port>]\n` +
  `       ${COMMAND} view <file> [--output <page>]\n` +
  `       ${COMMAND} view <file or folder> --watch [--port <port>]\n` +
  'Without a file, it receives traces over OTLP/HTTP on this machine and shows them as they arrive.\n' +
  '  <file>    OTLP/JSON: one document, or one per line, as the collector writes them; - reads standard input\n' +
  '  --output  path of the page; default: openai-traces.html\n' +
  '  --watch   also shows the file, or the .json, .jsonl and .ndjson files of the folder, as they grow\n' +
  '  --port    port of the page and of OTLP; default: 4318\n';

/** The port of OTLP over HTTP. */
const OTLP_PORT = 4318;
const MAX_PORT = 65_535;

export interface ViewParameters {
  readonly help: boolean;
  readonly file: string | undefined;
  readonly page: string;
  /** Whether a live page shows the file, or the folder. */
  readonly watch: boolean;
  readonly port: number;
}

/** Parameters that cannot be used, and why. */
export interface WrongParameters {
  readonly problem: string;
}

export function readViewParameters(parameters: readonly string[]): ViewParameters | WrongParameters {
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
    const [file, second] = positionals;
    const { help, output, watch, port } = values;
    const page = output ?? 'openai-traces.html';
    const isWatched = watch || (file !== undefined && isFolder(file));
    const number = port === undefined ? OTLP_PORT : /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN;
    const wrong = (problem: string): WrongParameters => ({ problem: terminalSafe(problem) });
    if (!help) {
      if (second !== undefined) return wrong(`Unexpected argument '${second}'.`);
      if (file === '' || output === '') return wrong('The name of a file is empty.');
      if (!(number <= MAX_PORT)) return wrong(`--port '${port}' is not a number from 0 to ${MAX_PORT}.`);
      if (watch && file === undefined) return wrong('--watch needs a file or a folder.');
      if (watch && file === '-') return wrong('--watch needs a file or a folder, not standard input.');
      if (output !== undefined && file === undefined) return wrong('--output needs a file of traces.');
      if (output !== undefined && isWatched)
        return wrong('--output writes a page from one file. It does not go with --watch or a folder.');
      if (port !== undefined && file !== undefined && !isWatched)
        return wrong('--port needs --watch if there is a file.');
      if (file !== undefined && !isWatched && isSameFile(file, page))
        return wrong(`The page would replace the file of traces '${file}'. Choose another --output.`);
    }
    return { help, file, page, watch: isWatched, port: number };
  } catch (error) {
    return { problem: parameterProblem(error) };
  }
}

/** Whether both paths lead to one file, be it by links or in another case. */
function isSameFile(one: string, other: string): boolean {
  try {
    const [a, b] = [one, other].map((path) => statSync(path, { bigint: true }));
    return a?.isFile() === true && a.dev === b?.dev && a.ino === b.ino;
  } catch {
    // One of them is missing or cannot be read, which is reported later.
    return false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
