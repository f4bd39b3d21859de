import * as ATTR from '../../semconv/attributes.ts';
import { count, dollars, explainedCost, formatDuration, grouped, totalTokens } from '../amounts.ts';
import { modalityText } from '../modalities.ts';
import { attributeText } from '../span-details.ts';
import type { TraceSummary } from '../trace-summary.ts';
import type { Row, Time } from '../tree.ts';
import type { Trace, TraceEntry } from '../viewed-trace.ts';
import { element } from './element.ts';

/** The summary of a trace: duration, cost, tokens and errors. */
export function overview(
  trace: Trace,
  entry: TraceEntry,
  select: (row: Row) => void,
  showErrors: () => void,
): HTMLElement {
  const { summary } = trace;
  const facts: readonly (readonly [label: string, value: string | undefined])[] = [
    ['Duration', formatDuration(summary.start, summary.end)],
    ['Cost', explainedCost(summary.cost, summary.unpriced)],
    ['Tokens', totalTokens(summary)?.replace(' tokens', '')],
    ...summary.modalities.map((each) => [each.label, modalityText(each).replace(' tokens', '')] as const),
    ...summary.counts.map((each) => [each.label, grouped(each.count)] as const),
    ['Retries', grouped(summary.retries)],
    ['Model', listed(summary.models)],
    ['Service', summary.service],
    ['Project', summary.project],
    ['Environment', summary.environment],
    ['Started', clock(summary.start)],
  ];
  return element(
    'section',
    { class: 'overview', 'aria-label': 'Trace' },
    element(
      'div',
      { class: 'title' },
      element('h2', {}, trace.title),
      badge(entry),
      element('code', { class: 'id' }, trace.tree.traceId),
    ),
    element(
      'dl',
      {},
      ...facts
        .filter(([, value]) => value !== undefined)
        .map(([label, value]) => element('div', {}, element('dt', {}, label), element('dd', {}, value))),
    ),
    storyOf(summary, select),
    summary.errors.length > 0 && errorList(summary.errors, select, showErrors),
  );
}

/** UTF-16 units of a question or an answer. The conversation has all of it. */
const MAX_STORY_LENGTH = 300;

/** What was asked, what came back, and what cost most. */
function storyOf(
  { prompt, answer, cost, costliest }: TraceSummary,
  select: (row: Row) => void,
): HTMLElement | undefined {
  const lines: (readonly [label: string, content: HTMLElement | string])[] = [];
  if (prompt !== undefined) lines.push(['First question', prompt.slice(0, MAX_STORY_LENGTH)]);
  if (answer !== undefined) lines.push(['Last answer', answer.slice(0, MAX_STORY_LENGTH)]);
  if (costliest !== undefined) lines.push(['Costliest call', costliestCall(costliest, cost, select)]);
  if (lines.length === 0) return undefined;
  return element(
    'dl',
    { class: 'story' },
    ...lines.map(([label, content]) =>
      element('div', {}, element('dt', {}, label), element('dd', {}, content)),
    ),
  );
}

function costliestCall(row: Row, total: number | undefined, select: (row: Row) => void): HTMLElement {
  const { name, attributes } = row.node.span;
  const cost = Number(attributes[ATTR.OPENAI_COST]);
  const share = total !== undefined && total > 0 ? `, ${Math.round((cost / total) * 100)} % of the cost` : '';
  return element(
    'span',
    {},
    element('button', { type: 'button', class: 'link', click: () => select(row) }, name.slice(0, 100)),
    ` ${dollars(cost)}${share}`,
  );
}

export function badge({ errors, underWay, outcome }: TraceEntry): HTMLElement {
  const text = count(errors, 'error');
  if (text !== undefined) return element('span', { class: 'badge bad' }, text);
  const state = underWay ? 'under way' : outcome.slice(0, 40);
  return element('span', { class: state === 'ok' ? 'badge good' : 'badge going' }, state);
}

/** The number of errors listed. The filter finds the others. */
const MAX_ERRORS = 6;

function errorList(errors: readonly Row[], select: (row: Row) => void, showAll: () => void): HTMLElement {
  const items = errors.slice(0, MAX_ERRORS).map((row) => {
    const { name, status, attributes } = row.node.span;
    return element(
      'li',
      {},
      element(
        'button',
        { type: 'button', click: () => select(row) },
        element('strong', {}, attributeText(attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 100)),
        element('span', {}, name.slice(0, 200)),
        element(
          'code',
          { class: 'id' },
          attributeText(attributes[ATTR.OPENAI_STEP_ID] ?? attributes[ATTR.OPENAI_RUN_ID] ?? '').slice(
            0,
            200,
          ),
        ),
        status.message ? element('span', { class: 'dim' }, status.message.slice(0, 200)) : undefined,
      ),
    );
  });
  const more = errors.length - items.length;
  if (more > 0)
    items.push(
      element('li', {}, element('button', { type: 'button', click: showAll }, `and ${grouped(more)} more`)),
    );
  return element('ul', { class: 'errors', 'aria-label': 'Errors' }, ...items);
}

/** The number of names listed. */
const MAX_NAMES = 20;

function listed(names: readonly string[]): string | undefined {
  const shown = names.slice(0, MAX_NAMES).map((name) => name.slice(0, 200));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${grouped(more)} more` : shown.join(', ') || undefined;
}

export function clock([seconds]: Time): string {
  const date = new Date(seconds * 1e3);
  return Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
