import { ATTR_ERROR_TYPE } from '../semconv/attributes.ts';
import { terminalSafe } from '../util/terminal-safe.ts';
import { costOf, count, grouped, tokens } from './amounts.ts';
import { formatDuration } from './duration.ts';
import { attributeText, detailsOf } from './span-details.ts';
import { pad, paint, shorten, shortenLine, type TextSegment, type Tone, widthOf } from './terminal-text.ts';
import type { TraceSummary } from './trace-summary.ts';
import { type Row, STATUS_ERROR } from './tree.ts';
import { joined } from './tree-view.ts';

/** See `TreeViewOptions`. */
interface SummaryViewOptions {
  readonly columns: number | undefined;
  readonly color: boolean;
}

/** The panel is narrower only on a narrower terminal. */
const MAX_PANEL_WIDTH = 76;
/** The maximum width of names in the table of steps. On a narrow terminal it is a third of the columns. */
const MAX_STEP_NAME_WIDTH = 40;

/** The lines of the panel, in this order. An unknown value has no line. */
const LINES: readonly (readonly [label: string, read: (summary: TraceSummary) => string | undefined])[] = [
  ['Trace id', ({ traceId }) => traceId],
  ['Prompt', ({ prompt }) => prompt],
  ['Model', ({ models }) => models.join(', ') || undefined],
  ['Service', ({ service }) => service],
  ['Project', ({ project }) => project],
  ['Environment', ({ environment }) => environment],
  ['Latency', ({ start, end }) => formatDuration(start, end)],
  ['Tokens', ({ inputTokens, outputTokens }) => tokens(inputTokens, outputTokens)],
  ['Cost', ({ cost, unpriced }) => costOf(cost, unpriced)],
  ['Runs', ({ runs }) => (runs > 0 ? grouped(runs) : undefined)],
  ['Retries', ({ retries }) => grouped(retries)],
  ['Steps', ({ steps }) => grouped(steps.length)],
];

/**
 * Draws a panel with the summary of a trace.
 *
 * @returns lines that end in a line feed and contain no control characters except those for color
 */
export function drawSummary(summary: TraceSummary, { columns, color }: SummaryViewOptions): string {
  const width = Math.max(Math.min(columns ?? MAX_PANEL_WIDTH, MAX_PANEL_WIDTH), 4);
  const room = width - 4;
  const lines = LINES.flatMap(([label, read]) => {
    const text = read(summary);
    return text === undefined ? [] : [line(label, { text: terminalSafe(text, 500), tone: 'plain' })];
  });
  lines.push(line('Status', traceStatus(summary)));
  const side: TextSegment = { text: '│', tone: 'dim' };
  const boxed = lines.map((segments) => {
    const short = shortenLine(segments, room);
    const used = short.reduce((sum, { text }) => sum + widthOf(text), 0);
    return [side, space(1), ...short, space(room - used + 1), side];
  });
  const border = (left: string, right: string): TextSegment[] => [
    { text: left + '─'.repeat(width - 2) + right, tone: 'dim' },
  ];
  return [border('╭', '╮'), ...boxed, border('╰', '╯')]
    .map((segments) => `${paint(segments, color)}\n`)
    .join('');
}

/** Draws a numbered table of the model and tool calls of a trace. Returns an empty text if there are none. */
export function drawSteps({ steps }: TraceSummary, { columns, color }: SummaryViewOptions): string {
  if (steps.length === 0) return '';
  const limit =
    columns === undefined ? MAX_STEP_NAME_WIDTH : Math.min(MAX_STEP_NAME_WIDTH, Math.ceil(columns / 3));
  const names = steps.map(({ node }) => shorten(terminalSafe(attributeText(node.span.name), 200), limit));
  const durations = steps.map(({ node }) => formatDuration(node.span.startTime, node.span.endTime));
  const numberWidth = Math.max(2, String(steps.length).length);
  const nameWidth = Math.max(4, ...names.map(widthOf));
  const durationWidth = Math.max(8, ...durations.map(widthOf));
  const head = `${'#'.padStart(numberWidth)}  ${pad('Step', nameWidth)}  ${pad('Duration', durationWidth)}  Status  Detail`;
  const rows = steps.map((row, i): TextSegment[] => [
    { text: `${String(i + 1).padStart(numberWidth)}  `, tone: 'dim' },
    { text: pad(names[i] ?? '', nameWidth), tone: 'plain' },
    { text: `  ${(durations[i] ?? '').padStart(durationWidth)}  `, tone: 'plain' },
    ...(isError(row) ? [toned('error', 'bad')] : [toned('ok', 'good'), space(3)]),
    space(3),
    ...joined(detailsOf(row, [])),
  ]);
  return [[toned(head, 'dim')], ...rows]
    .map((segments) => (columns === undefined ? segments : shortenLine(segments, columns)))
    .map((segments) => `${paint(segments, color)}\n`)
    .join('');
}

function line(label: string, value: TextSegment): TextSegment[] {
  return [toned(pad(label, 13), 'dim'), value];
}

function traceStatus({ errors }: TraceSummary): TextSegment {
  if (errors.length === 0) return toned('ok', 'good');
  const types = new Set(
    errors.map(({ node }) =>
      terminalSafe(attributeText(node.span.attributes[ATTR_ERROR_TYPE] ?? 'error'), 100),
    ),
  );
  return toned(`${count(errors.length, 'error', 'errors')}: ${[...types].join(', ')}`, 'bad');
}

function isError({ node }: Row): boolean {
  return node.span.status.code === STATUS_ERROR;
}

function toned(text: string, tone: Tone): TextSegment {
  return { text, tone };
}

function space(width: number): TextSegment {
  return toned(' '.repeat(Math.max(0, width)), 'plain');
}
