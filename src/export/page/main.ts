import { costOf, count, grouped } from '../amounts.ts';
import { formatDuration } from '../duration.ts';
import type { Row } from '../tree.ts';
import { Chat } from './chat.ts';
import { element, fill } from './element.ts';
import { inspector } from './inspector.ts';
import { badge, clock, overview } from './overview.ts';
import { findRows, idsOf, type PageData, readTraces, type Trace } from './trace.ts';
import { Waterfall } from './waterfall.ts';

/** The number of ids suggested in the filter. */
const MAX_IDS = 500;
/** The number of traces listed. */
const MAX_PAGE_TRACES = 2_000;
const THEMES = ['auto', 'light', 'dark'] as const;

/** The page: the list of traces, the open trace, and the filter. */
class Page {
  readonly #data: PageData;
  readonly #traces: readonly Trace[];
  readonly #list = element('ul', {});
  readonly #main = element('main', {});
  readonly #count = element('output', { 'aria-live': 'polite' });
  readonly #words = element('input', {
    type: 'search',
    list: 'ids',
    placeholder: 'Name, or id of a thread, run, step, agent …',
    input: () => this.#filter(),
  });
  readonly #onlyErrors = element('input', { type: 'checkbox', change: () => this.#filter() });
  #trace: Trace | undefined;
  #found: ReadonlySet<Row> = new Set();
  #waterfall: Waterfall | undefined;
  #chat: Chat | undefined;

  constructor(data: PageData) {
    this.#data = data;
    this.#traces = readTraces(data);
  }

  show(body: HTMLElement): void {
    const nav = this.#traces.length > 1 && element('nav', { 'aria-label': 'Traces' }, this.#list);
    const ids = idsOf(this.#traces, MAX_IDS).map((value) => element('option', { value }));
    fill(
      body,
      this.#header(),
      element('datalist', { id: 'ids' }, ...ids),
      element('div', { class: nav ? 'frame' : 'frame alone' }, nav, this.#main),
    );
    this.#filter();
  }

  #header(): HTMLElement {
    let theme = 0;
    const button = element('button', { type: 'button' }, 'Theme: auto');
    button.addEventListener('click', () => {
      theme = (theme + 1) % THEMES.length;
      button.textContent = `Theme: ${THEMES[theme]}`;
      document.documentElement.dataset.theme = THEMES[theme];
    });
    const { omitted } = this.#data;
    return element(
      'header',
      {},
      element('h1', {}, 'OpenAI traces'),
      element(
        'search',
        {},
        element('label', {}, element('span', {}, 'Filter'), this.#words),
        element('label', {}, this.#onlyErrors, 'Errors only'),
      ),
      this.#count,
      omitted > 0 &&
        element('span', { class: 'note' }, `${grouped(omitted)} spans did not fit and were left out`),
      button,
    );
  }

  #filter(): void {
    const found = this.#traces
      .map((trace) => ({ trace, rows: findRows(trace, this.#words.value, this.#onlyErrors.checked) }))
      .filter(({ rows }) => rows.size > 0);
    const spans = found.reduce((sum, { rows }) => sum + rows.size, 0);
    this.#count.textContent = `${count(spans, 'span', 'spans') ?? 'No span'} in ${count(found.length, 'trace', 'traces') ?? 'no trace'}`;
    const open = found.find(({ trace }) => trace === this.#trace) ?? found[0];
    const rest = found.length - MAX_PAGE_TRACES;
    fill(
      this.#list,
      found
        .slice(0, MAX_PAGE_TRACES)
        .map(({ trace, rows }) => this.#listItem(trace, rows, trace === open?.trace)),
      rest > 0 && element('li', { class: 'note' }, `and ${grouped(rest)} more; use the filter to find them`),
    );
    this.#open(open?.trace, open?.rows ?? new Set());
  }

  #listItem(trace: Trace, rows: ReadonlySet<Row>, current: boolean): HTMLElement {
    const { start, end, cost, unpriced } = trace.summary;
    const facts = [formatDuration(start, end), costOf(cost, unpriced), count(rows.size, 'span', 'spans')];
    const button = element(
      'button',
      { type: 'button', 'aria-current': current ? 'true' : undefined },
      element('span', { class: 'title' }, element('strong', {}, trace.title.slice(0, 100)), badge(trace)),
      element('span', { class: 'dim' }, facts.filter((fact) => fact !== undefined).join(' · ')),
      element('span', { class: 'dim' }, clock(start)),
    );
    button.addEventListener('click', () => {
      for (const other of this.#list.querySelectorAll('[aria-current]'))
        other.removeAttribute('aria-current');
      button.setAttribute('aria-current', 'true');
      this.#open(trace, rows);
    });
    return element('li', {}, button);
  }

  /** Opens a trace. If it is open already, only filters its rows. */
  #open(trace: Trace | undefined, rows: ReadonlySet<Row>): void {
    this.#found = rows;
    if (trace === undefined) {
      fill(
        this.#main,
        element(
          'p',
          { class: 'note' },
          this.#data.spans.length > 0 ? 'No span matches the filter.' : 'There are no spans.',
        ),
      );
    } else if (trace !== this.#trace) {
      this.#draw(trace);
    }
    this.#trace = trace;
    this.#waterfall?.filter(rows);
    this.#chat?.show(rows);
  }

  #draw(trace: Trace): void {
    const panels = new Panels();
    const select = (row: Row, focus: boolean): void => {
      // A selected row must be visible, so a filter that hides it is cleared.
      if (!this.#found.has(row)) this.#clear();
      this.#waterfall?.mark(row, focus);
      panels.showSpan(inspector(row, trace, (id) => this.#searchFor(id)));
    };
    this.#waterfall = new Waterfall(trace, (row) => select(row, true));
    this.#chat = new Chat(trace, (row) => select(row, true));
    panels.chat.append(this.#chat.root);
    fill(
      this.#main,
      overview(
        trace,
        (row) => select(row, true),
        () => this.#showErrors(),
      ),
      element(
        'div',
        { class: 'panes' },
        element('section', { 'aria-label': 'Timeline' }, this.#waterfall.root),
        panels.root,
      ),
    );
  }

  #clear(): void {
    this.#words.value = '';
    this.#onlyErrors.checked = false;
    this.#filter();
  }

  #showErrors(): void {
    this.#onlyErrors.checked = true;
    this.#filter();
    this.#onlyErrors.focus();
  }

  #searchFor(id: string): void {
    this.#words.value = id;
    this.#filter();
    this.#words.focus();
  }
}

/** Two tabs: the conversation and the selected span. */
class Panels {
  readonly chat: HTMLElement = panel('chat');
  readonly #span = panel('span');
  readonly #tabs: readonly HTMLElement[];
  readonly root: HTMLElement;

  constructor() {
    fill(this.#span, element('p', { class: 'dim' }, 'Select a span in the timeline.'));
    this.#tabs = [this.#tab('chat', 'Conversation', 0), this.#tab('span', 'Span', 1)];
    this.root = element(
      'section',
      { 'aria-label': 'Details' },
      element('div', { role: 'tablist' }, ...this.#tabs),
      this.chat,
      this.#span,
    );
    this.#choose(0);
  }

  showSpan(content: HTMLElement): void {
    fill(this.#span, content);
    this.#choose(1);
  }

  #tab(id: string, label: string, index: number): HTMLElement {
    const tab = element(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${id}`,
        'aria-controls': `panel-${id}`,
        click: () => this.#choose(index),
      },
      label,
    );
    tab.addEventListener('keydown', ({ key }) => {
      if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
      this.#choose(1 - index);
      this.#tabs[1 - index]?.focus();
    });
    return tab;
  }

  #choose(index: number): void {
    this.#tabs.forEach((tab, i) => {
      tab.setAttribute('aria-selected', String(i === index));
      tab.tabIndex = i === index ? 0 : -1;
    });
    this.chat.hidden = index !== 0;
    this.#span.hidden = index !== 1;
  }
}

function panel(id: string): HTMLElement {
  return element('div', { role: 'tabpanel', id: `panel-${id}`, 'aria-labelledby': `tab-${id}`, tabindex: 0 });
}

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
new Page(data).show(document.body);
