import { buildTrees, type FinishedSpan, type Row, rowsOf, STATUS_ERROR } from './export/tree.ts';
import { ATTR_ERROR_TYPE } from './semconv/attributes.ts';
import { compareTrees, type ReceivedLine } from './testing/compare.ts';
import { escapeControlCharacters } from './util/terminal-safe.ts';

export type { FinishedSpan } from './export/tree.ts';

/** Options of {@link spanTree} and {@link assertSpanTree}. */
export interface SpanTreeOptions {
  /**
   * The attributes to show, by name or pattern, in this order. Attributes that match the same pattern are sorted
   * by name. `kind` shows the span's kind (`CLIENT`, `INTERNAL`, …). Default: none. `assertSpanTree` adds the
   * attributes that occur in the expected text.
   */
  readonly attributes?: readonly (string | RegExp)[] | undefined;
  /** Returns the value to show, for instance a rounded one, or `undefined` to omit the attribute. */
  readonly normalize?: ((value: unknown, attribute: string, span: FinishedSpan) => unknown) | undefined;
  /**
   * Whether a span shows an id (an attribute whose name ends in `.id`) that it shares with the nearest ancestor
   * that has one. Default: false. The id of a thread then appears on the span of the thread alone.
   */
  readonly repeatIds?: boolean | undefined;
}

/**
 * Renders finished spans as text, one line per span, with children below their parents:
 *
 * ```text
 * thread                             openai.thread.id=thread_1
 * ├─ invoke_agent Math Tutor         openai.run.id=run_1
 * │  ├─ chat gpt-4o-mini             openai.step.id=step_1 gen_ai.usage.input_tokens=154
 * │  └─ execute_tool get_weather     !timeout openai.step.id=step_1
 * └─ POST /threads/{thread_id}/runs
 * ```
 *
 * After the name and at least two spaces follow the details, aligned in one column: for a span with status ERROR,
 * `!` and its `error.type` (`!error` without one), then the chosen attributes as `name=value`. Numbers, booleans
 * and simple words appear unchanged, arrays and objects as JSON without spaces. Strings that contain spaces or
 * quotes, or look like another type (`"42"`), appear as JSON strings. Siblings are sorted by start time, then end
 * time, then arrival. A span whose parent is missing starts a tree. A blank line separates traces, which are sorted
 * by the start of their first span.
 *
 * @param spans the finished spans in order of arrival, as `InMemorySpanExporter.getFinishedSpans()` returns them
 */
export function spanTree(spans: Iterable<FinishedSpan>, options: SpanTreeOptions = {}): string {
  return alignLines(
    readLines(spans, options).map((line) => line && assertionText(line, options.repeatIds === true)),
  );
}

/**
 * Checks that finished spans form the expected tree, in the format of {@link spanTree}. It ignores common
 * indentation, surrounding blank lines, the width of columns and the order of attributes.
 *
 * - Every attribute that occurs anywhere in `expected` or in `options.attributes` is compared on every span.
 *   The check fails if a span has such an attribute and its line does not. An id may be omitted below a span
 *   with the same id.
 * - `*` in a value, in a name or after `!` matches any text.
 * - A placeholder such as `{thread}` in a value matches any text, but the same text at every occurrence.
 *   Different placeholders match different texts. In names, braces match literally.
 *
 * ```ts
 * assertSpanTree(exporter.getFinishedSpans(), `
 *   thread                        openai.thread.id={thread}
 *   └─ invoke_agent Math Tutor    openai.run.id={run} openai.run.status=completed
 *      └─ chat *                  openai.step.id=step_*
 * `);
 * ```
 *
 * @throws Error with a line-by-line difference: `-` marks expected lines, `+` received lines
 */
export function assertSpanTree(
  spans: Iterable<FinishedSpan>,
  expected: string,
  options: SpanTreeOptions = {},
): void {
  // An iterator can be read only once.
  const all = [...spans];
  const difference = compareTrees(expected, (attributes, repeated) => {
    const lines = readLines(all, { ...options, attributes: [...(options.attributes ?? []), ...attributes] });
    const show = (name: string): boolean => options.repeatIds === true || repeated.has(name);
    const texts = alignLines(lines.map((line) => line && assertionText(line, show))).split('\n');
    return lines.map((line, i) => line && { ...line, text: texts[i] ?? '' });
  });
  if (difference === undefined) return;
  const error = new Error(
    `The spans do not form the expected tree (- expected, + received):\n\n${difference}`,
  );
  // On V8, the stack then starts at the test instead of here.
  Error.captureStackTrace?.(error, assertSpanTree);
  throw error;
}

const KINDS: readonly string[] = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

type Line = Omit<ReceivedLine, 'text'> & { readonly branch: string };

/** One line per span, and `undefined` between traces. */
function readLines(spans: Iterable<FinishedSpan>, options: SpanTreeOptions): (Line | undefined)[] {
  const lines: (Line | undefined)[] = [];
  for (const tree of buildTrees(spans)) {
    if (lines.length > 0) lines.push(undefined);
    const valuesOf = new Map<Row, ReadonlyMap<string, string>>();
    for (const row of rowsOf(tree)) {
      const { span } = row.node;
      const values = readValues(span, options);
      valuesOf.set(row, values);
      lines.push({
        branch: row.branch,
        name: escapeControlCharacters(span.name.replace(/\s+/g, ' ').trim()),
        error: span.status.code === STATUS_ERROR ? renderError(span) : undefined,
        values,
        repeated: new Set([...values.keys()].filter((name) => isRepeatedId(name, row, valuesOf))),
      });
    }
  }
  return lines;
}

function readValues(span: FinishedSpan, options: SpanTreeOptions): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const choice of options.attributes ?? []) {
    const names = typeof choice === 'string' ? [choice] : Object.keys(span.attributes).sort();
    for (const name of names) {
      if (typeof choice !== 'string' && name.search(choice) < 0) continue;
      const value = span.attributes[name] ?? (name === 'kind' ? KINDS[span.kind] : undefined);
      const shown = value !== undefined && options.normalize ? options.normalize(value, name, span) : value;
      if (shown !== undefined) values.set(name, renderValue(shown));
    }
  }
  return values;
}

function isRepeatedId(
  name: string,
  row: Row,
  valuesOf: ReadonlyMap<Row, ReadonlyMap<string, string>>,
): boolean {
  if (!name.endsWith('.id')) return false;
  for (let above = row.parent; above !== undefined; above = above.parent) {
    const value = valuesOf.get(above)?.get(name);
    if (value !== undefined) return value === valuesOf.get(row)?.get(name);
  }
  return false;
}

function renderError(span: FinishedSpan): string {
  const type = span.attributes[ATTR_ERROR_TYPE];
  // Only a string can follow `!`, so a number needs no quotes.
  return type === undefined ? 'error' : /^\d+$/.test(String(type)) ? String(type) : renderValue(String(type));
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') {
    return isWord(value) ? escapeControlCharacters(value) : escapeControlCharacters(JSON.stringify(value));
  }
  if (typeof value !== 'object') return String(value);
  try {
    return escapeControlCharacters(JSON.stringify(value));
  } catch {
    return String(value);
  }
}

/** Whether a string without quotes is still recognisable as a string. */
function isWord(text: string): boolean {
  return /^(?![[{]|(?:true|false|null|undefined|NaN)$)[^\s"\\]+$/.test(text) && Number.isNaN(Number(text));
}

function assertionText(
  line: Line,
  repeat: boolean | ((name: string) => boolean),
): [name: string, details: string] {
  const details = line.error === undefined ? [] : [`!${line.error}`];
  for (const [name, value] of line.values) {
    const shown = !line.repeated.has(name) || (typeof repeat === 'boolean' ? repeat : repeat(name));
    if (shown) details.push(`${name}=${value}`);
  }
  return [line.branch + line.name, details.join(' ')];
}

function alignLines(lines: readonly (readonly [name: string, details: string] | undefined)[]): string {
  const width = lines.reduce((widest, line) => Math.max(widest, line?.[0].length ?? 0), 0);
  return lines
    .map((line) => (line === undefined ? '' : line[1] ? `${line[0].padEnd(width)}  ${line[1]}` : line[0]))
    .join('\n');
}
