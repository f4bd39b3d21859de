import { count, formatDuration } from './format-amounts.ts';
import { attributeText } from './messages.ts';
import { terminalSafe } from './shared/terminal-safe.ts';
import { detailsOf } from './span-details.ts';
import { fittingRank, joined, pad, shorten, terminalLine, toned, widthOf } from './terminal-text.ts';
import { summaryFacts, type TraceSummary } from './trace-summary.ts';
import type { TreeViewOptions } from './tree-view.ts';
import { isFailed, isInterrupted, shownErrorType } from './viewed-span.ts';

type SummaryOptions = Pick<TreeViewOptions, 'columns' | 'color'>;

/** The width of the panel, unless the terminal is narrower or a value is longer. */
const PANEL_WIDTH = 76;
/** The maximum width of the panel. With enough columns, it is as wide as its longest value. */
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
export function drawSummary(summary: TraceSummary, { columns, color }: SummaryOptions): string {
  const { traceId, prompt } = summary;
  const known = [['Trace id', traceId] as const, ['Prompt', prompt] as const, ...summaryFacts(summary)];
  const facts = known.flatMap(([label, text]) => (text ? [[label, terminalSafe(text, 500)] as const] : []));
  facts.push(['Status', traceStatus(summary)]);
  const labelWidth = Math.max(...facts.map(([label]) => label.length)) + 2;
  const lines = facts.map(([label, text]) => toned(pad(label, labelWidth), 'dim') + text);
  const wanted = Math.max(...lines.map(widthOf), PANEL_WIDTH - 4);
  const room = Math.max(Math.min(columns, wanted + 4, MAX_PANEL_WIDTH) - 4, 0);
  const side = toned('│', 'dim');
  const border = (left: string, right: string): string =>
    toned(`${left}${'─'.repeat(room + 2)}${right}`, 'dim');
  const boxed = lines.map((line) => `${side} ${pad(shorten(line, room), room)} ${side}`);
  return [border('╭', '╮'), ...boxed, border('╰', '╯')].map((line) => terminalLine(line, color)).join('');
}

export function drawCalls({ calls }: TraceSummary, { columns, color }: SummaryOptions): string {
  if (calls.length === 0) return '';
  const isNarrow = columns < MIN_STATUS_COLUMNS;
  const limit = Math.min(MAX_CALL_NAME_WIDTH, Math.ceil(columns / (isNarrow ? 4 : 3)));
  const names = calls.map(({ span }) => shorten(terminalSafe(attributeText(span.name), 200), limit));
  const durations = calls.map(({ span }) => formatDuration(span.start, span.end));
  const numberWidth = Math.max(2, String(calls.length).length);
  const nameWidth = Math.max(4, ...names.map(widthOf));
  const durationWidth = Math.max(8, ...durations.map(widthOf));
  const status = (text: string): string => (isNarrow ? '' : pad(text, 8));
  const head = `${'#'.padStart(numberWidth)}  ${pad('Call', nameWidth)}  ${pad('Duration', durationWidth)}  ${status('Status')}`;
  const rows = calls.map((row, i) => {
    const details = detailsOf(row);
    const number = toned(String(i + 1).padStart(numberWidth), 'dim');
    const call = `${pad(names[i] ?? '', nameWidth)}  ${(durations[i] ?? '').padStart(durationWidth)}`;
    const { span } = row;
    const ended = isFailed(span) ? toned('error', 'bad') : isInterrupted(span) ? '' : toned('ok', 'good');
    return `${number}  ${call}  ${status(ended)}${joined(details, fittingRank(details, columns - widthOf(head)) ?? 0)}`;
  });
  return [toned(`${head}Detail`, 'dim'), ...rows]
    .map((line) => terminalLine(shorten(line, columns), color))
    .join('');
}

function traceStatus({ errors, outcome }: TraceSummary): string {
  if (errors.length === 0) return toned(terminalSafe(outcome, 40), outcome === 'ok' ? 'good' : 'warning');
  const types = new Set(errors.map(({ span }) => terminalSafe(shownErrorType(span))));
  return toned(`${count(errors.length, 'error')}: ${[...types].join(', ')}`, 'bad');
}
