import * as ATTR from '../semconv/attributes.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { count, formatDuration } from './amounts.ts';
import { attributeText } from './messages.ts';
import { detailsOf } from './span-details.ts';
import {
  fittingDetails,
  joined,
  pad,
  paint,
  shorten,
  shortenLine,
  type TextSegment,
  toned,
  widthOf,
} from './terminal-text.ts';
import { summaryFacts, type TraceSummary } from './trace-summary.ts';
import type { Row } from './tree.ts';
import type { TreeViewOptions } from './tree-view.ts';
import { isFailed } from './viewed-span.ts';

/** The width of the panel, unless the terminal is narrower or a value is longer. */
const PANEL_WIDTH = 76;
/** The maximum width of the panel. On a terminal with enough columns, the panel is as wide as its longest value. */
const MAX_PANEL_WIDTH = 160;
/** On a narrower terminal the table has no status column: the details of a failed call begin with its error anyway. */
const MIN_STATUS_COLUMNS = 80;
/** The maximum width of names in the table of calls. On a narrow terminal, the limit is a fraction of its width. */
const MAX_CALL_NAME_WIDTH = 40;

/**
 * Draws a panel with the summary of a trace.
 *
 * @returns lines that end in a line feed and contain no control characters except those for color
 */
export function drawSummary(
  summary: TraceSummary,
  { columns, color }: Pick<TreeViewOptions, 'columns' | 'color'>,
): string {
  const { traceId, prompt } = summary;
  const facts = [['Trace id', traceId] as const, ['Prompt', prompt ?? ''] as const, ...summaryFacts(summary)];
  const values = facts.flatMap(([label, text]): (readonly [label: string, value: TextSegment])[] =>
    text === '' ? [] : [[label, toned(terminalSafe(text, 500), 'plain')]],
  );
  values.push(['Status', traceStatus(summary)]);
  const labelWidth = Math.max(...values.map(([label]) => widthOf(label))) + 2;
  const longest = Math.max(...values.map(([, { text }]) => widthOf(text)));
  const wanted = Math.min(Math.max(labelWidth + longest + 4, PANEL_WIDTH), MAX_PANEL_WIDTH);
  const width = Math.max(Math.min(columns ?? PANEL_WIDTH, wanted), 4);
  const room = width - 4;
  const side = toned('│', 'dim');
  const boxed = values.map(([label, value]) => {
    const short = shortenLine([toned(pad(label, labelWidth), 'dim'), value], room);
    const used = short.reduce((sum, { text }) => sum + widthOf(text), 0);
    return [side, space(1), ...short, space(room - used + 1), side];
  });
  const border = (left: string, right: string): TextSegment[] => [
    toned(left + '─'.repeat(width - 2) + right, 'dim'),
  ];
  return [border('╭', '╮'), ...boxed, border('╰', '╯')]
    .map((segments) => `${paint(segments, color)}\n`)
    .join('');
}

export function drawCalls(
  { calls }: TraceSummary,
  { columns, color }: Pick<TreeViewOptions, 'columns' | 'color'>,
): string {
  if (calls.length === 0) return '';
  const isNarrow = columns !== undefined && columns < MIN_STATUS_COLUMNS;
  const limit = Math.min(MAX_CALL_NAME_WIDTH, Math.ceil((columns ?? 200) / (isNarrow ? 4 : 3)));
  const names = calls.map(({ span }) => shorten(terminalSafe(attributeText(span.name), 200), limit));
  const durations = calls.map(({ span }) => formatDuration(span.start, span.end));
  const numberWidth = Math.max(2, String(calls.length).length);
  const nameWidth = Math.max(4, ...names.map(widthOf));
  const durationWidth = Math.max(8, ...durations.map(widthOf));
  const head = `${'#'.padStart(numberWidth)}  ${pad('Call', nameWidth)}  ${pad('Duration', durationWidth)}${isNarrow ? '' : '  Status'}  Detail`;
  const room = (columns ?? Number.POSITIVE_INFINITY) - widthOf(head) + 'Detail'.length;
  const details = (row: Row): readonly TextSegment[] => {
    const all = detailsOf(row, []);
    return fittingDetails(all, room) ?? all.filter(({ rank }) => rank === 0);
  };
  const rows = calls.map((row, i): TextSegment[] => [
    toned(`${String(i + 1).padStart(numberWidth)}  `, 'dim'),
    toned(pad(names[i] ?? '', nameWidth), 'plain'),
    toned(`  ${(durations[i] ?? '').padStart(durationWidth)}  `, 'plain'),
    ...(isNarrow ? [] : [isFailed(row.span) ? toned('error ', 'bad') : toned('ok    ', 'good'), space(2)]),
    ...joined(details(row)),
  ]);
  return [[toned(head, 'dim')], ...rows]
    .map((segments) => (columns === undefined ? segments : shortenLine(segments, columns)))
    .map((segments) => `${paint(segments, color)}\n`)
    .join('');
}

function traceStatus({ errors, outcome }: TraceSummary): TextSegment {
  if (errors.length === 0) return toned(terminalSafe(outcome, 40), outcome === 'ok' ? 'good' : 'warning');
  const types = new Set(
    errors.map(({ span }) => terminalSafe(attributeText(span.attributes[ATTR.ERROR_TYPE] ?? 'error'), 100)),
  );
  return toned(`${count(errors.length, 'error')}: ${[...types].join(', ')}`, 'bad');
}

function space(width: number): TextSegment {
  return toned(' '.repeat(Math.max(0, width)), 'plain');
}
