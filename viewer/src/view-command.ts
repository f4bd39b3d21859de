import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { withEvaluations } from './evaluations.ts';
import { count } from './format-amounts.ts';
import { readOtlpJson } from './otlp-json.ts';
import { fittingSpans } from './page-document.ts';
import { pageDocument, writePrivately } from './page-file.ts';
import { commandParameters } from './shared/command-line.ts';
import { COMMAND } from './shared/names.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
import type { TextStream } from './shared/text-stream.ts';
import { fileProblem, readWhole, viewText } from './trace-file.ts';

const VIEW_USAGE: string =
  `Usage: ${COMMAND} view [--keep <file>] [--port <port>]\n` +
  `       ${COMMAND} view <file> [--output <page>]\n` +
  'Without a file, it receives traces over OTLP/HTTP on this machine and shows them as they arrive.\n' +
  '  <file>       OTLP/JSON: one document, or one per line, as the collector writes them; - reads standard input\n' +
  '  --output     path of the page; default: openai-traces.html\n' +
  '  --keep       also keeps what it receives in this file, one OTLP/JSON document per line, and shows what is there\n' +
  '  --new-token  replaces the token that --keep reuses, so that addresses printed earlier stop working\n' +
  '  --port       port of the page and of OTLP; default: 4318\n';

const OTLP_PORT = 4318;
const MAX_PORT = 65_535;

/**
 * The command `view`: writes a page from a file, or serves a live page.
 *
 * @returns the exit code: 0 if it succeeded, 1 if it failed, 2 for wrong parameters
 */
export async function runView(
  parameters: readonly string[],
  output: TextStream,
  errors: TextStream,
): Promise<number> {
  const wanted = commandParameters(VIEW_USAGE, [output, errors], parameters, parseViewParameters);
  if (typeof wanted === 'number') return wanted;
  const { file, page, port, ...live } = wanted;
  if (file !== undefined) return pageFromFile(file, page, output, errors);
  const { viewLive } = await import('./live/live-view.ts');
  return viewLive(port, live, output, errors);
}

function parseViewParameters(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      output: { type: 'string' },
      port: { type: 'string' },
      keep: { type: 'string' },
      'new-token': { type: 'boolean' },
    },
  });
  const [file, second] = positionals;
  const { output, port = String(OTLP_PORT), keep, 'new-token': isTokenRenewed } = values;
  const isFile = file !== undefined;
  const page = output ?? 'openai-traces.html';
  const problem =
    (second !== undefined && `Unexpected argument '${second}'.`) ||
    ([file, output, keep].includes('') && 'The name of a file is empty.') ||
    (!(/^\d{1,5}$/.test(port) && Number(port) <= MAX_PORT) &&
      `--port '${port}' is not a number from 0 to ${MAX_PORT}.`) ||
    (output !== undefined && !isFile && '--output needs a file of traces.') ||
    (isFile && (keep ?? values.port) !== undefined && '--keep and --port do not go with a file.') ||
    (isTokenRenewed && keep === undefined && '--new-token needs --keep.') ||
    (isFile &&
      isSameFile(file, page) &&
      `The page would replace the file of traces '${file}'. Choose another --output.`);
  if (problem) throw new Error(problem);
  return { file, page, port: Number(port), keep, isTokenRenewed };
}

/** Whether two paths lead to the same file, for example by a link or in another letter case. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return a?.isFile() === true && a.dev === b?.dev && a.ino === b.ino;
}

/**
 * The command `view` with a file: creates a page from it.
 *
 * @returns the exit code: 0 if the page was written, 1 if it was not
 */
export function pageFromFile(file: string, page: string, output: TextStream, errors: TextStream): number {
  let done: 'read' | 'written' = 'read';
  const reportIf = (isSo: boolean, sentence: string): unknown => isSo && errors.write(`${sentence}\n`);
  try {
    const found = readOtlpJson(viewText(readWhole(file)));
    const unreadable = count(found.unreadable, 'line that is', 'lines that are');
    reportIf(unreadable !== undefined, `Skipped ${unreadable} not JSON.`);
    if (found.spans.length === 0) {
      const name = file === '-' ? 'Standard input' : terminalSafe(file);
      reportIf(true, `${name} contains no spans. It must be OTLP/JSON.`);
      return 1;
    }
    const { spans, omitted } = fittingSpans(found.spans);
    done = 'written';
    writePrivately(page, pageDocument(spans, omitted + found.omitted));
    output.write(
      `${count(withEvaluations(spans).length, 'span') ?? 'No spans'}: ${pathToFileURL(page).href}\n`,
    );
    return 0;
  } catch (error) {
    reportIf(true, fileProblem(done === 'read' ? file : page, done, error));
    return 1;
  }
}
