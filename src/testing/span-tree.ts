import { escapeControlCharacters } from 'openai-traces-viewer/shared/terminal-safe.ts';
import { buildTrees, type Row } from 'openai-traces-viewer/tree.ts';
import { type FinishedSpan, isFailed, toViewedSpan } from 'openai-traces-viewer/viewed-span.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { ReceivedLine } from './compare.ts';

/** Options of `spanTree` and `assertSpanTree`. */
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
   * that has one. Default: false, so that a thread's id appears on the thread's span alone.
   */
  readonly repeatIds?: boolean | undefined;
}

const KINDS: readonly string[] = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];

type Line = Omit<ReceivedLine, 'text'>;

/** One line per span. `undefined` is the blank line between traces. */
export function readLines(spans: Iterable<FinishedSpan>, options: SpanTreeOptions): (Line | undefined)[] {
  const lines: (Line | undefined)[] = [];
  const originals = new Map(Array.from(spans, (span) => [toViewedSpan(span, {}), span]));
  for (const { rows } of buildTrees(originals.keys())) {
    if (lines.length > 0) lines.push(undefined);
    const valuesOf = new Map<Row, ReadonlyMap<string, string>>();
    for (const row of rows) {
      const { span } = row;
      const values = readValues(originals.get(span) as FinishedSpan, options);
      valuesOf.set(row, values);
      lines.push({
        branch: row.branch,
        name: escapeControlCharacters(span.name.replace(/\s+/g, ' ').trim()),
        error: isFailed(span) ? renderError(span.attributes) : undefined,
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

function renderError(attributes: FinishedSpan['attributes']): string {
  const type = attributes[ATTR.ERROR_TYPE];
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

/** Whether a string can be shown without quotes and is still recognizable as a string. */
function isWord(text: string): boolean {
  return /^(?![[{]|(?:true|false|null|undefined|NaN)$)[^\s"\\]+$/.test(text) && Number.isNaN(Number(text));
}

/**
 * Renders each line, with the details of all lines in one column. `undefined` becomes a blank line.
 *
 * @param repeats whether a line shows an id of this name that an ancestor has, too
 */
export function renderLines(
  lines: readonly (Line | undefined)[],
  repeats: (name: string) => boolean,
): string[] {
  const names = lines.map((line) => (line === undefined ? '' : line.branch + line.name));
  const width = names.reduce((widest, name) => Math.max(widest, name.length), 0);
  return lines.map((line, index) => {
    const details = line?.error === undefined ? [] : [`!${line.error}`];
    for (const [name, value] of line?.values ?? [])
      if (!line?.repeated.has(name) || repeats(name)) details.push(`${name}=${value}`);
    const name = names[index] ?? '';
    return details.length === 0 ? name : `${name.padEnd(width)}  ${details.join(' ')}`;
  });
}
