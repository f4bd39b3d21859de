import { grouped } from '../amounts.ts';
import { formatDuration } from '../duration.ts';
import type { ShownSpan } from '../page-span.ts';
import type { Row } from '../tree.ts';
import { isFailed, type Trace } from '../viewed-trace.ts';
import { pretty } from './chat.ts';
import { element, textBlock } from './element.ts';

/** Everything recorded about one span. */
export function inspector(row: Row, trace: Trace, filter: (id: string) => void): HTMLElement {
  const span = row.node.span as ShownSpan;
  const { traceId, spanId } = span.spanContext();
  const start = trace.summary.start;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Duration', formatDuration(span.startTime, span.endTime)],
    ['Starts after', formatDuration(start, span.startTime)],
    ['Status', isFailed(span) ? 'error' : 'ok'],
    ['Message', span.status.message || undefined],
    ['Trace', traceId],
    ['Span', spanId],
  ];
  return element(
    'div',
    { class: 'inspector' },
    element('h3', {}, span.name.slice(0, 1000)),
    table('Span', facts.filter(([, value]) => value !== undefined) as [string, string][], filter),
    table('Attributes', attributeRows(span.attributes), filter),
    eventList(span, filter),
    table('Process', attributeRows(span.resource?.attributes ?? {}), filter),
  );
}

/** The number of events rendered at once. A button shows more. */
const EVENT_PAGE_SIZE = 200;

function eventList({ events, startTime }: ShownSpan, filter: (id: string) => void): HTMLElement {
  const list = element('div', {});
  const showMore = (from: number): void => {
    const shown = events.slice(from, from + EVENT_PAGE_SIZE);
    for (const { name, time, attributes = {} } of shown)
      list.append(
        table(`Event ${name}, after ${formatDuration(startTime, time)}`, attributeRows(attributes), filter) ??
          '',
      );
    const rest = events.length - from - shown.length;
    if (rest === 0) return;
    const more = element('button', { type: 'button', class: 'more' }, `Show more events (${grouped(rest)})`);
    more.addEventListener('click', () => {
      more.remove();
      showMore(from + EVENT_PAGE_SIZE);
    });
    list.append(more);
  };
  showMore(0);
  return list;
}

function attributeRows(attributes: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(attributes)
    .map(([name, value]): [string, string] => [name, pretty(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function table(
  caption: string,
  facts: readonly (readonly [string, string])[],
  filter: (id: string) => void,
): HTMLElement | undefined {
  if (facts.length === 0) return undefined;
  return element(
    'table',
    {},
    element('caption', {}, caption),
    facts.map(([name, value]) =>
      element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, cell(name, value, filter))),
    ),
  );
}

/** An id becomes a button that sets the filter. */
function cell(name: string, value: string, filter: (id: string) => void): HTMLElement {
  if (!/\.id$/.test(name)) return textBlock(value, /^[[{]/.test(value) ? 'code' : '');
  return element(
    'button',
    { type: 'button', class: 'link', title: 'Show the spans with this id', click: () => filter(value) },
    value.slice(0, 200),
  );
}
