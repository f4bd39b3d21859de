import { ownFields } from 'openai-traces-viewer/shared/own-fields.ts';
import type { FinishedSpan } from 'openai-traces-viewer/viewed-span.ts';
import { compareTrees } from './testing/compare.ts';
import { readLines, renderLines, type SpanTreeOptions } from './testing/span-tree.ts';

export type { FinishedSpan } from 'openai-traces-viewer/viewed-span.ts';
export type { SpanTreeOptions } from './testing/span-tree.ts';

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
 * The details follow the name after at least two spaces, aligned in one column: for a span with status ERROR,
 * `!` and its `error.type` (`!error` without one), then the chosen attributes as `name=value`. Numbers, booleans
 * and simple words appear unchanged, arrays and objects as JSON without spaces. Strings that contain spaces or
 * quotes, or look like another type (`"42"`), appear as JSON strings. Siblings are sorted by start time, then end
 * time, then arrival. A span whose parent is missing starts a tree. A blank line separates traces, which are sorted
 * by the start of their first span.
 *
 * @param spans the finished spans in order of arrival, as `InMemorySpanExporter.getFinishedSpans()` returns them
 */
export function spanTree(spans: Iterable<FinishedSpan>, options: SpanTreeOptions = {}): string {
  const own = ownFields(options);
  return renderLines(readLines(spans, own), () => own.repeatIds === true).join('\n');
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
  const own = ownFields(options);
  const difference = compareTrees(expected, (attributes, repeated) => {
    const lines = readLines(
      all,
      ownFields({ ...own, attributes: [...(own.attributes ?? []), ...attributes] }),
    );
    const texts = renderLines(lines, (name) => own.repeatIds === true || repeated.has(name));
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
