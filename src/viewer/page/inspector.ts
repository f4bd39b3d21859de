import { count, formatDuration, grouped } from '../amounts.ts';
import { modalitiesOf } from '../modalities.ts';
import type { ShownSpan } from '../page-span.ts';
import type { Row } from '../tree.ts';
import type { Trace } from '../viewed-trace.ts';
import { contentOf, evaluationList, factsOf, failureBlock } from './answer.ts';
import { element, fill, textBlock } from './element.ts';
import { pretty } from './value.ts';
import { modalityTable, voiceStrip, voiceTable } from './voice.ts';

/** A span: what it did in short, what was said, and at last everything that was recorded. */
export function inspector(row: Row, trace: Trace, filter: (id: string) => void): HTMLElement {
  const span = row.node.span as ShownSpan;
  const attributes = attributeRows(span.attributes);
  const voice = trace.summary.voices.find(({ session }) => session === row);
  const spending = voice === undefined ? [row] : voice.parts;
  const isIdRow = ([name]: readonly [string, string]): boolean => ID_NAME.test(name);
  return element(
    'div',
    { class: 'inspector' },
    element('h3', {}, span.name.slice(0, 1000)),
    factsOf(span),
    failureBlock(span),
    evaluationList(span),
    modalityTable(modalitiesOf(spending.map(({ node }) => node.span.attributes))),
    voice && voiceStrip(voice),
    voice && voiceTable(voice),
    ...contentOf(span),
    table('Ids', attributes.filter(isIdRow).slice(0, MAX_ID_ROWS), filter),
    recordOf(row, trace, attributes, filter),
  );
}

/** Names of attributes with ids. */
const ID_NAME = /\.id$/;
/** Ids that are shown at once. All attributes are among what was recorded. */
const MAX_ID_ROWS = 20;

/** Everything that was recorded, which can be searched and copied. */
function recordOf(
  row: Row,
  trace: Trace,
  attributes: readonly [string, string][],
  filter: (id: string) => void,
): HTMLElement {
  const span = row.node.span as ShownSpan;
  const { traceId, spanId } = span.spanContext();
  const facts: [string, string][] = [
    ['Starts after', formatDuration(trace.summary.start, span.startTime)],
    ['Trace', traceId],
    ['Span', spanId],
  ];
  const content = element('div', { class: 'record' });
  const show = (words: string): void =>
    fill(
      content,
      table(
        'Attributes',
        attributes.filter((pair) => isFoundIn(pair, words)),
        filter,
      ),
      words === '' ? eventList(span, filter) : undefined,
      table('Process', words === '' ? attributeRows(span.resource?.attributes ?? {}) : [], filter),
      table('Span', words === '' ? facts : [], filter),
    );
  const search = element('input', {
    type: 'search',
    'aria-label': 'Search the attributes',
    placeholder: 'Search',
    input: ({ target }) => show((target as HTMLInputElement).value.trim().toLowerCase()),
  });
  show('');
  return element(
    'details',
    {},
    element(
      'summary',
      {},
      `Everything recorded (${count(attributes.length, 'attribute') ?? 'no attribute'})`,
    ),
    element('div', { class: 'tools' }, search, copyButton(span)),
    content,
  );
}

function isFoundIn(pair: readonly [string, string], words: string): boolean {
  return pair.some((text) => text.toLowerCase().includes(words));
}

/** Copies the span as JSON. */
function copyButton(span: ShownSpan): HTMLElement {
  const button = element('button', { type: 'button' }, 'Copy as JSON');
  button.addEventListener('click', () => {
    const { name, attributes, events } = span;
    const text = JSON.stringify({ name, ...span.spanContext(), attributes, events }, undefined, 2);
    navigator.clipboard.writeText(text).then(
      () => fill(button, 'Copied'),
      () => fill(button, 'Copying is not allowed here'),
    );
  });
  return button;
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
  if (!ID_NAME.test(name)) return textBlock(value, /^[[{]/.test(value) ? 'code' : '');
  return element(
    'button',
    { type: 'button', class: 'link', title: 'Show the spans with this id', click: () => filter(value) },
    value.slice(0, 200),
  );
}
