import { pathToFileURL } from 'node:url';
import { terminalSafe } from '../util/terminal-safe.ts';
import { count } from './amounts.ts';
import { fileProblem } from './file-problem.ts';
import { annotatedSpans } from './otlp-evaluations.ts';
import { type OtlpSpans, readOtlpJson } from './otlp-json.ts';
import { inert, pageDocument } from './page-document.ts';
import { writePage } from './page-file.ts';
import type { PageSpan } from './page-span.ts';
import { readWhole, viewText } from './read-file.ts';

/** UTF-16 units of spans that a browser can be expected to open. */
const MAX_PAGE_LENGTH = 50_000_000;
/** The same for one span. A longer span is omitted, so that the others still fit. */
const MAX_SPAN_LENGTH = 10_000_000;

interface Output {
  write(text: string): unknown;
}

/**
 * The command `view` with a file: creates a page from it.
 *
 * @returns the exit code: 0 if the page was written, 1 if it was not
 */
export function view(file: string, page: string, output: Output, errors: Output): number {
  let done: 'read' | 'written' = 'read';
  try {
    const found = readOtlpJson(viewText(readWhole(file)));
    for (const problem of problemsOf(found)) errors.write(`${problem}\n`);
    const { spans, missed } = annotatedSpans(found.spans, found.evaluations);
    if (missed > 0 && spans.length > 0)
      errors.write(`Evaluations about spans that are not in the file: ${missed}.\n`);
    if (spans.length === 0) {
      errors.write(
        `${file === '-' ? 'Standard input' : terminalSafe(file)} contains no spans. It must be OTLP/JSON.\n`,
      );
      return 1;
    }
    const shown = fitting(spans);
    done = 'written';
    writePage(page, pageDocument(shown, spans.length - shown.length + found.omitted));
    output.write(`${count(shown.length, 'span') ?? 'No spans'}: ${pathToFileURL(page).href}\n`);
    return 0;
  } catch (error) {
    errors.write(`${fileProblem(done === 'read' ? file : page, done, error)}\n`);
    return 1;
  }
}

function problemsOf({ unreadable, stopped, tooDeep }: OtlpSpans): string[] {
  const problems: string[] = [];
  if (unreadable > 0)
    problems.push(`Skipped ${count(unreadable, 'line that is', 'lines that are')} not JSON.`);
  if (stopped) problems.push('The rest of the file was not read.');
  if (tooDeep > 0) problems.push('Some values are nested deeper than OTLP allows and were skipped.');
  return problems;
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
