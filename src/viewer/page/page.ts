import { count, grouped } from '../amounts.ts';
import { idsOf, type Trace, type TraceEntry, type TraceLists } from '../viewed-trace.ts';
import { readAddress, writeAddress } from './address.ts';
import { element, fill } from './element.ts';
import { keyList, listenForKeys } from './keys.ts';
import { isSameEntry, TraceNav } from './trace-nav.ts';
import type { TraceSource } from './trace-source.ts';
import { TraceView } from './trace-view.ts';

/** The number of ids suggested in the filter. */
const MAX_IDS = 500;
const THEMES = ['auto', 'light', 'dark'] as const;

/** The page: the lists, the open trace or conversation, and the filter. */
export class TracePage {
  readonly #source: TraceSource;
  /** What an empty page says. */
  readonly #help: () => HTMLElement;
  readonly #nav = new TraceNav(
    (entry) => void this.#choose(entry),
    (kind) => {
      this.#kind = kind;
      this.#followed = true;
      void this.refresh();
    },
  );
  readonly #main = element('main', {});
  readonly #frame = element('div', { class: 'frame' }, this.#nav.root, this.#main);
  readonly #ids = element('datalist', { id: 'ids' });
  readonly #count = element('output', { 'aria-live': 'polite' });
  readonly #keys = keyList();
  readonly #omitted = element('span', { class: 'note', hidden: true });
  /** Shown while the address names a trace that is not here, and another one is shown. */
  readonly #missing = element('span', { class: 'note', role: 'status', hidden: true });
  readonly #words = element('input', {
    type: 'search',
    list: 'ids',
    placeholder: 'Name, id or message   ( / )',
    input: () => void this.refresh(),
  });
  readonly #onlyErrors = element('input', { type: 'checkbox', change: () => void this.refresh() });
  #kind: TraceEntry['kind'] = 'trace';
  /** Whether the first entry of the list is opened, whichever that is. */
  #followed = true;
  #open: TraceEntry | undefined;
  #view: TraceView | undefined;
  /** Answers that come after those to later questions are dropped. */
  #round = 0;

  constructor(source: TraceSource, help: () => HTMLElement) {
    this.#source = source;
    this.#help = help;
    this.#nav.root.hidden = true;
    this.#showOmitted(source.omitted);
  }

  async show(body: HTMLElement, ...inHeader: readonly HTMLElement[]): Promise<void> {
    fill(body, this.#header(inHeader), this.#ids, this.#frame, this.#keys);
    const address = readAddress();
    if (address !== undefined) {
      this.#kind = address.kind;
      this.#followed = false;
    }
    await this.refresh();
    addEventListener('popstate', () => this.#showAddress());
    listenForKeys(
      {
        '/': () => this.#words.focus(),
        n: () => this.#view?.selectNextError(),
        c: () => this.#view?.toggleAll(),
        z: () => this.#view?.toggleZoom(),
        '?': () => this.#keys.showModal(),
      },
      this.#keys,
    );
  }

  /** Going back, or a link that the reader puts into the address of the page. */
  #showAddress(): void {
    const address = readAddress();
    if (address === undefined || isSameEntry(address, this.#open)) this.#view?.showAddress();
    else {
      this.#kind = address.kind;
      this.#followed = false;
      this.#open = undefined;
      void this.refresh();
    }
  }

  /** Asks for the lists and the open entry again. */
  async refresh(): Promise<void> {
    const round = ++this.#round;
    const filter = { words: this.#words.value, onlyErrors: this.#onlyErrors.checked };
    const lists = await this.#source.lists(filter);
    if (round !== this.#round) return;
    const entries = this.#kind === 'trace' ? lists.traces : lists.conversations;
    this.#countSpans(entries);
    const open = this.#wanted(entries, filter.words.trim() !== '' || filter.onlyErrors);
    this.#nav.show(lists, this.#kind, open);
    this.#nav.root.hidden = !this.#hasList(lists);
    this.#frame.classList.toggle('alone', this.#nav.root.hidden);
    if (open === undefined) this.#showNothing();
    else await this.#openEntry(open, round);
  }

  /** The entry to open: the one that is open, as long as it is there, else the one of the address, else the first. */
  #wanted(entries: readonly TraceEntry[], isFiltered: boolean): TraceEntry | undefined {
    const address = readAddress();
    const named = entries.find((entry) => isSameEntry(entry, address));
    const open = entries.find((entry) => isSameEntry(entry, this.#open));
    const wasMissing = !this.#missing.hidden;
    const isMissing = !this.#followed && named === undefined && address?.kind === this.#kind;
    if (!isFiltered) this.#showMissing(isMissing ? this.#kind : undefined);
    if (this.#followed && this.#source.live) return entries[0];
    // What a link names may arrive later.
    return (wasMissing ? named : undefined) ?? open ?? named ?? entries[0];
  }

  #showMissing(kind: TraceEntry['kind'] | undefined): void {
    this.#missing.hidden = kind === undefined;
    this.#missing.textContent = `The ${kind} that the address names is not here`;
  }

  /** One trace needs no list, and neither does one that nothing but the filter leaves. */
  #hasList({ traces }: TraceLists): boolean {
    return this.#source.live || traces.length > 1 || !this.#nav.root.hidden;
  }

  #countSpans(entries: readonly TraceEntry[]): void {
    const spans = count(
      entries.reduce((sum, entry) => sum + entry.spans, 0),
      'span',
      'spans',
    );
    const among =
      this.#kind === 'trace'
        ? (count(entries.length, 'trace') ?? 'no trace')
        : (count(entries.length, 'conversation') ?? 'no conversation');
    this.#count.textContent = `${spans ?? 'No span'} in ${among}`;
  }

  async #choose(entry: TraceEntry): Promise<void> {
    this.#followed = false;
    this.#nav.mark(entry);
    const { kind, id } = entry;
    const address = readAddress();
    if (address?.kind !== kind || address.id !== id) writeAddress({ kind, id, span: undefined }, false);
    this.#showMissing(undefined);
    await this.#openEntry(entry, ++this.#round);
  }

  async #openEntry(entry: TraceEntry, round: number): Promise<void> {
    if (!isSameEntry(entry, this.#open) || entry.revision !== this.#open?.revision) {
      const opened = await this.#source.open(entry);
      if (opened === undefined || round !== this.#round) return;
      this.#showOmitted(opened.omitted);
      this.#showTrace(entry, opened.trace);
    }
    this.#view?.filter(this.#words.value, this.#onlyErrors.checked);
  }

  #showTrace(entry: TraceEntry, trace: Trace): void {
    const before = isSameEntry(entry, this.#open) ? this.#view : undefined;
    this.#open = entry;
    fill(
      this.#ids,
      idsOf(this.#source.traces ?? [trace], MAX_IDS).map((value) => element('option', { value })),
    );
    this.#view = new TraceView(entry, trace, this.#main, before, {
      clearFilter: () => this.#setFilter('', false),
      showErrors: () => {
        this.#setFilter(this.#words.value, true);
        this.#onlyErrors.focus();
      },
      searchFor: (id) => {
        this.#setFilter(id, this.#onlyErrors.checked);
        this.#words.focus();
      },
      selected: () => {
        this.#followed = false;
      },
    });
    document.title = `${trace.title.slice(0, 100)} · OpenAI traces`;
    // A view that goes on from another stays where the reader is. The span of a link may come later.
    if (this.#view.waterfall.selected === undefined) this.#view.showAddress();
  }

  #setFilter(words: string, onlyErrors: boolean): void {
    this.#words.value = words;
    this.#onlyErrors.checked = onlyErrors;
    void this.refresh();
  }

  #showNothing(): void {
    const isFiltered = this.#words.value.trim() !== '' || this.#onlyErrors.checked;
    this.#open = undefined;
    this.#view = undefined;
    fill(
      this.#main,
      isFiltered ? element('p', { class: 'note' }, 'No span matches the filter.') : this.#help(),
    );
  }

  #showOmitted(omitted: number): void {
    this.#omitted.hidden = omitted === 0;
    this.#omitted.textContent = `${grouped(omitted)} spans did not fit and were left out`;
  }

  #header(more: readonly HTMLElement[]): HTMLElement {
    let theme = 0;
    const button = element('button', { type: 'button' }, 'Theme: auto');
    button.addEventListener('click', () => {
      theme = (theme + 1) % THEMES.length;
      button.textContent = `Theme: ${THEMES[theme]}`;
      document.documentElement.dataset.theme = THEMES[theme];
    });
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
      this.#omitted,
      this.#missing,
      ...more,
      element('button', { type: 'button', click: () => this.#keys.showModal() }, 'Keys'),
      button,
    );
  }
}
