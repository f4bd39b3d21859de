import { grouped } from '../amounts.ts';
import type { Row } from '../tree.ts';
import type { Trace } from '../viewed-trace.ts';
import type { Voice } from '../voice.ts';
import { barOf, legendOf } from './bar.ts';
import { element, fill } from './element.ts';
import { TimeAxis } from './time-axis.ts';
import { listenForDrags, millisecondsOf, type TimeRange } from './time-zoom.ts';
import { timelineRow } from './timeline-row.ts';
import { timelineTools } from './timeline-tools.ts';

/** The number of rows rendered at once. A button shows more. */
const WATERFALL_PAGE_SIZE = 2000;
/** How much of what is shown the timeline moves at once. */
const MOVED_PART = 0.5;

/** The timeline of a trace, as a tree with keyboard navigation. */
export class Waterfall {
  readonly root: HTMLElement = element('div', { class: 'waterfall' });
  readonly #tree = element('div', { role: 'tree', 'aria-label': 'Spans, in order of time' });
  readonly #rows: readonly Row[];
  readonly #voices: ReadonlyMap<Row, Voice>;
  readonly #items = new Map<Row, HTMLElement>();
  readonly #closed = new Set<Row>();
  readonly #select: (row: Row) => void;
  readonly #ruler = element('div', { class: 'ruler', 'aria-hidden': 'true' });
  readonly #axis: TimeAxis;
  readonly #depths = new Map<Row, number>();
  #shown: ReadonlySet<Row>;
  #found: ReadonlySet<Row>;
  selected: Row | undefined;
  #limit = WATERFALL_PAGE_SIZE;

  /** @param before the timeline of the same trace with fewer spans, whose closed rows and selection it takes over */
  constructor(trace: Trace, select: (row: Row) => void, before?: Waterfall) {
    this.#rows = trace.rows;
    this.#voices = new Map(trace.summary.voices.map((voice) => [voice.session, voice]));
    this.#select = select;
    this.#found = this.#shown = new Set(trace.rows);
    for (const row of trace.rows) this.#depths.set(row, (this.#depths.get(row.parent as Row) ?? 0) + 1);
    this.#tree.addEventListener('keydown', (event) => this.#onKey(event));
    this.#axis = new TimeAxis(before === undefined ? undefined : before.#axis);
    this.root.append(this.#tools(), this.#ruler, this.#tree);
    listenForDrags(this.root, (from, to) => {
      const { from: start, to: end } = this.#axis.shown;
      const place = (part: number): number => start + part * (end - start);
      this.#zoomTo({ from: place(from), to: place(to) });
    });
    if (before !== undefined) this.#resume(before);
  }

  #resume(before: Waterfall): void {
    const idOf = (row: Row | undefined): string | undefined => row?.node.span.spanContext().spanId;
    const closed = new Set([...before.#closed].map(idOf));
    for (const row of this.#rows) {
      if (closed.has(idOf(row))) this.#closed.add(row);
      if (idOf(row) === idOf(before.selected)) this.selected = row;
    }
    this.#limit = before.#limit;
  }

  /** Shows the time of the selected row alone, or all of the time again. */
  toggleZoom(): void {
    this.#zoomTo(this.#axis.isZoomed ? undefined : this.#selectedTime);
  }

  get #selectedTime(): TimeRange | undefined {
    const span = this.selected?.node.span;
    return span && { from: millisecondsOf(span.startTime), to: millisecondsOf(span.endTime) };
  }

  #zoomTo(range: TimeRange | undefined): void {
    this.#rescale(this.#axis.zoomTo(range));
  }

  #rescale(isChanged: boolean): void {
    if (!isChanged) return;
    const focused = [...this.#items].find(([, item]) => item === document.activeElement)?.[0];
    this.#scale();
    this.#draw();
    if (focused !== undefined) this.#items.get(focused)?.focus({ preventScroll: true });
  }

  #tools(): HTMLElement {
    return timelineTools({
      // The first time around what is selected, then around what is shown.
      zoomIn: () => this.#rescale(this.#axis.zoomBy(2, this.#axis.isZoomed ? undefined : this.#selectedTime)),
      zoomOut: () => this.#rescale(this.#axis.zoomBy(0.5)),
      showAll: () => this.#zoomTo(undefined),
      move: (direction) => this.#rescale(this.#axis.move(direction * MOVED_PART)),
      collapseAll: () => this.#closeAll(true),
      expandAll: () => this.#closeAll(false),
    });
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
  }

  /** Selects a row and expands its ancestors. */
  mark(row: Row, focus: boolean): void {
    for (let above = row.parent; above !== undefined; above = above.parent) this.#closed.delete(above);
    this.#limit = Math.max(this.#limit, this.#rows.indexOf(row) + 1);
    this.selected = row;
    // Drawing thousands of rows takes longer than a reader waits for a press.
    if (this.#items.get(row)?.isConnected === true) this.#markDrawn(row);
    else this.#draw();
    const item = this.#items.get(row);
    item?.scrollIntoView({ block: 'nearest' });
    if (focus) item?.focus();
  }

  /** Selects no row. */
  unmark(): void {
    this.selected = undefined;
    for (const item of this.#tree.querySelectorAll('[aria-selected="true"]'))
      item.setAttribute('aria-selected', 'false');
  }

  #markDrawn(row: Row): void {
    for (const item of this.#tree.querySelectorAll<HTMLElement>('[aria-selected="true"], [tabindex="0"]')) {
      item.setAttribute('aria-selected', 'false');
      item.tabIndex = -1;
    }
    this.#update(row, true);
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
    const reachable = this.selected !== undefined && made.includes(this.selected) ? this.selected : made[0];
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
    item.setAttribute('aria-selected', String(row === this.selected));
    item.classList.toggle('aside', !this.#found.has(row));
    if (row.node.children.length > 0) item.setAttribute('aria-expanded', String(!this.#closed.has(row)));
  }

  #itemOf(row: Row): HTMLElement {
    const known = this.#items.get(row);
    if (known !== undefined) return known;
    const item = timelineRow(
      row,
      this.#depths.get(row) ?? 1,
      this.#track(row),
      () => this.#select(row),
      (event) => this.#onToggle(event, row),
    );
    this.#items.set(row, item);
    return item;
  }

  #track(row: Row): HTMLElement {
    const { span } = row.node;
    const left = this.#axis.placeOf(span.startTime);
    const right = Math.max(this.#axis.placeOf(span.endTime), left);
    return element(
      'span',
      { class: 'track' },
      right < 0 || left > 100 ? '' : barOf(row.node, left, right, this.#voices.get(row)),
    );
  }

  #scale(): void {
    this.#axis.scaleTo([...this.#found].map(({ node }) => node.span));
    // The cached bars have the previous scale.
    this.#items.clear();
    const ticks = this.#axis.ticks().map((tick) => element('span', {}, tick));
    this.root.querySelector('.zoomed')?.remove();
    if (this.#axis.isZoomed) this.#ruler.before(this.#zoomNote());
    fill(
      this.#ruler,
      element('span', {}, 'Span'),
      element('span', { class: 'fact' }, 'Tokens'),
      element('span', { class: 'fact' }, 'Cost'),
      element('span', { class: 'fact' }, 'Time'),
      element('span', { class: 'ticks' }, ...ticks),
    );
    this.root.querySelector('.legend')?.remove();
    this.root.append(legendOf(this.#found, this.#voices) ?? '');
  }

  #zoomNote(): HTMLElement {
    return element(
      'p',
      { class: 'zoomed' },
      'Zoomed in.',
      element('button', { type: 'button', click: () => this.#zoomTo(undefined) }, 'Reset zoom'),
    );
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
    this.#closeAll(!this.#parents.every((row) => this.#closed.has(row)));
  }

  get #parents(): Row[] {
    return this.#rows.filter(({ node, parent }) => node.children.length > 0 && parent !== undefined);
  }

  #closeAll(close: boolean): void {
    if (close) for (const row of this.#parents) this.#closed.add(row);
    else this.#closed.clear();
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
