import {
  ATTR_ERROR_TYPE,
  ATTR_OPENAI_COST,
  ATTR_OPENAI_TOTAL_COST,
  ATTR_OPENAI_TOTAL_UNPRICED,
} from '../../semconv/attributes.ts';
import { costOf, dollars, grouped } from '../amounts.ts';
import { formatDuration } from '../duration.ts';
import type { ShownSpan } from '../page-span.ts';
import { attributeText } from '../span-details.ts';
import { evaluationsOf, evaluationText } from '../span-evaluations.ts';
import { edgeOf } from '../trace-summary.ts';
import type { Row, Time } from '../tree.ts';
import { isFailed, millisecondsBetween, type Trace, typeOf } from '../viewed-trace.ts';
import { barOf, legendOf } from './bar.ts';
import { element, fill } from './element.ts';
import { tokensOf } from './row-tokens.ts';

/** The number of rows rendered at once. A button shows more. */
const WATERFALL_PAGE_SIZE = 2000;
const TICKS = 3;
/** The number of scores beside the name of a span. The inspector has all. */
const MAX_SHOWN_SCORES = 3;

/** The timeline of a trace, as a tree with keyboard navigation. */
export class Waterfall {
  readonly root: HTMLElement = element('div', { class: 'waterfall' });
  readonly #tree = element('div', { role: 'tree', 'aria-label': 'Spans, in order of time' });
  readonly #rows: readonly Row[];
  readonly #items = new Map<Row, HTMLElement>();
  readonly #closed = new Set<Row>();
  readonly #select: (row: Row) => void;
  readonly #ruler = element('div', { class: 'ruler', 'aria-hidden': 'true' });
  /** The start of the time axis. */
  #start: Time = [0, 0];
  /** The length of the time axis, in milliseconds. */
  #length = 0;
  readonly #depths = new Map<Row, number>();
  #shown: ReadonlySet<Row>;
  #found: ReadonlySet<Row>;
  #selected: Row | undefined;
  #limit = WATERFALL_PAGE_SIZE;
  /** The row to focus once it is drawn. */
  #focused: Row | undefined;

  /** @param before the timeline of the same trace with fewer spans, whose closed rows and focus it takes over */
  constructor(trace: Trace, select: (row: Row) => void, before?: Waterfall) {
    this.#rows = trace.rows;
    this.#select = select;
    this.#found = this.#shown = new Set(trace.rows);
    for (const row of trace.rows) this.#depths.set(row, (this.#depths.get(row.parent as Row) ?? 0) + 1);
    this.#tree.addEventListener('keydown', (event) => this.#onKey(event));
    this.root.append(this.#ruler, this.#tree);
    if (before !== undefined) this.#resume(before);
  }

  #resume(before: Waterfall): void {
    const idOf = ({ node }: Row): string => node.span.spanContext().spanId;
    const closed = new Set([...before.#closed].map(idOf));
    const focused = [...before.#items].find(([, item]) => item === document.activeElement)?.[0];
    for (const row of this.#rows) {
      if (closed.has(idOf(row))) this.#closed.add(row);
      if (focused !== undefined && idOf(row) === idOf(focused)) this.#focused = row;
    }
    this.#limit = before.#limit;
  }

  /** Shows the rows that were found, with their ancestors, and scales the time axis to them. */
  filter(found: ReadonlySet<Row>): void {
    const shown = new Set<Row>();
    for (const row of found)
      for (let each: Row | undefined = row; each !== undefined && !shown.has(each); each = each.parent)
        shown.add(each);
    this.#found = found;
    this.#shown = shown;
    this.#scale();
    this.#draw();
    if (this.#focused !== undefined) this.#items.get(this.#focused)?.focus({ preventScroll: true });
    this.#focused = undefined;
  }

  /** Selects a row and expands its ancestors. */
  mark(row: Row, focus: boolean): void {
    for (let above = row.parent; above !== undefined; above = above.parent) this.#closed.delete(above);
    this.#limit = Math.max(this.#limit, this.#rows.indexOf(row) + 1);
    this.#selected = row;
    this.#draw();
    const item = this.#items.get(row);
    item?.scrollIntoView({ block: 'nearest' });
    if (focus) item?.focus();
  }

  /** Selects no row. */
  unmark(): void {
    this.#selected = undefined;
    this.#draw();
  }

  #draw(): void {
    const hidden = new Set<Row>();
    const visible: Row[] = [];
    for (const row of this.#rows) {
      if (row.parent !== undefined && (hidden.has(row.parent) || this.#closed.has(row.parent)))
        hidden.add(row);
      else if (this.#shown.has(row)) visible.push(row);
    }
    const rest = visible.length - this.#limit;
    const made = visible.slice(0, this.#limit);
    fill(
      this.#tree,
      made.map((row) => this.#itemOf(row)),
    );
    const reachable =
      this.#selected !== undefined && made.includes(this.#selected) ? this.#selected : made[0];
    for (const row of made) this.#update(row, row === reachable);
    this.root.querySelector('.more')?.remove();
    if (rest > 0) this.root.append(this.#moreButton(rest));
  }

  #moreButton(rest: number): HTMLElement {
    const more = (): void => {
      this.#limit += WATERFALL_PAGE_SIZE;
      this.#draw();
    };
    return element(
      'button',
      { type: 'button', class: 'more', click: more },
      `Show ${grouped(Math.min(rest, WATERFALL_PAGE_SIZE))} of ${grouped(rest)} more spans`,
    );
  }

  #update(row: Row, reachable: boolean): void {
    const item = this.#itemOf(row);
    item.tabIndex = reachable ? 0 : -1;
    item.setAttribute('aria-selected', String(row === this.#selected));
    item.classList.toggle('aside', !this.#found.has(row));
    if (row.node.children.length > 0) item.setAttribute('aria-expanded', String(!this.#closed.has(row)));
  }

  #itemOf(row: Row): HTMLElement {
    const known = this.#items.get(row);
    if (known !== undefined) return known;
    const { span, children } = row.node;
    const failed = isFailed(span);
    const depth = this.#depths.get(row) ?? 1;
    const duration = formatDuration(span.startTime, span.endTime);
    const name = element(
      'span',
      { class: 'name' },
      children.length > 0
        ? element('span', {
            class: 'toggle',
            'aria-hidden': 'true',
            click: (event) => this.#onToggle(event, row),
          })
        : undefined,
      element('span', { class: 'sign', 'aria-hidden': 'true' }),
      element('span', { class: 'label', title: span.name.slice(0, 1000) }, span.name.slice(0, 200)),
      failed &&
        element(
          'span',
          { class: 'failure' },
          attributeText(span.attributes[ATTR_ERROR_TYPE] ?? 'error').slice(0, 60),
        ),
      evaluationsOf((span as ShownSpan).events)
        .slice(0, MAX_SHOWN_SCORES)
        .map((each) =>
          element('span', { class: 'badge', title: each.explanation }, evaluationText(each).slice(0, 200)),
        ),
    );
    name.style.paddingInlineStart = `${Math.min(depth - 1, 20) * 14 + (children.length > 0 ? 0 : 16)}px`;
    const item = element(
      'div',
      {
        role: 'treeitem',
        'aria-level': depth,
        class: `row ${typeOf(span)}${failed ? ' failed' : ''}`,
        click: () => this.#select(row),
      },
      name,
      element('span', { class: 'fact tokens' }, tokensOf(span.attributes)),
      element(
        'span',
        { class: 'fact cost' },
        dollars(span.attributes[ATTR_OPENAI_COST]) ??
          costOf(span.attributes[ATTR_OPENAI_TOTAL_COST], span.attributes[ATTR_OPENAI_TOTAL_UNPRICED]),
      ),
      element('span', { class: 'fact time' }, duration),
      this.#track(row),
    );
    this.#items.set(row, item);
    return item;
  }

  #track({ node }: Row): HTMLElement {
    const place = (time: Time): number =>
      Math.min(Math.max(millisecondsBetween(this.#start, time) / this.#length, 0), 1) * 100;
    const left = place(node.span.startTime);
    return element('span', { class: 'track' }, barOf(node, left, Math.max(place(node.span.endTime), left)));
  }

  #scale(): void {
    const spans = [...this.#found].map(({ node }) => node.span);
    const start = edgeOf(
      spans.map(({ startTime }) => startTime),
      -1,
    );
    const end = edgeOf(
      spans.map(({ endTime }) => endTime),
      1,
    );
    this.#start = start;
    this.#length = Math.max(millisecondsBetween(start, end), 1e-6);
    // The cached bars have the previous scale.
    this.#items.clear();
    const ticks = Array.from({ length: TICKS }, (_, i) => {
      const milliseconds = (this.#length * i) / (TICKS - 1);
      return element('span', {}, i === 0 ? '0' : formatDuration([0, 0], [0, milliseconds * 1e6]));
    });
    fill(
      this.#ruler,
      element('span', {}, 'Span'),
      element('span', { class: 'fact' }, 'Tokens'),
      element('span', { class: 'fact' }, 'Cost'),
      element('span', { class: 'fact' }, 'Time'),
      element('span', { class: 'ticks' }, ...ticks),
    );
    this.root.querySelector('.legend')?.remove();
    this.root.append(legendOf([...this.#found].map(({ node }) => node)) ?? '');
  }

  /** Expands or collapses a row without selecting it. */
  #onToggle(event: Event, row: Row): void {
    event.stopPropagation();
    this.#toggle(row);
  }

  #toggle(row: Row, close: boolean = !this.#closed.has(row)): void {
    if (close) this.#closed.add(row);
    else this.#closed.delete(row);
    this.#draw();
  }

  /** The keyboard interface of a tree view in the ARIA Authoring Practices. */
  #onKey(event: KeyboardEvent): void {
    const items = [...this.#tree.children] as HTMLElement[];
    const index = items.indexOf(event.target as HTMLElement);
    const row = [...this.#items].find(([, item]) => item === event.target)?.[0];
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const hasChildren = row.node.children.length > 0;
    const closed = this.#closed.has(row);
    const go = (to: HTMLElement | undefined): void => {
      if (to === undefined) return;
      for (const item of items) item.tabIndex = item === to ? 0 : -1;
      to.focus();
    };
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => go(items[index + 1]),
      ArrowUp: () => go(items[index - 1]),
      Home: () => go(items[0]),
      End: () => go(items.at(-1)),
      ArrowRight: () =>
        hasChildren && closed ? this.#toggleByKey(row, false) : hasChildren && go(items[index + 1]),
      ArrowLeft: () =>
        hasChildren && !closed ? this.#toggleByKey(row, true) : row.parent && go(this.#items.get(row.parent)),
      Enter: () => this.#select(row),
      ' ': () => this.#select(row),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]?.();
  }

  /** Collapses all rows, or expands them if none is left to collapse. */
  toggleAll(): void {
    const parents = this.#rows.filter(({ node, parent }) => node.children.length > 0 && parent !== undefined);
    if (parents.every((row) => this.#closed.has(row))) this.#closed.clear();
    else for (const row of parents) this.#closed.add(row);
    this.#draw();
  }

  #toggleByKey(row: Row, close: boolean): void {
    this.#toggle(row, close);
    const item = this.#items.get(row);
    if (item === undefined) return;
    for (const each of this.#tree.children) (each as HTMLElement).tabIndex = each === item ? 0 : -1;
    item.focus();
  }
}
