import { costOf, count, formatDuration, grouped, totalTokens } from '../amounts.ts';
import type { TraceEntry, TraceLists } from '../viewed-trace.ts';
import { element, fill } from './element.ts';
import { badge, clock } from './overview.ts';

/** The number of entries listed. */
const MAX_PAGE_TRACES = 2_000;

const LIST_KINDS = [
  { kind: 'trace', label: 'Traces' },
  { kind: 'conversation', label: 'Conversations' },
] as const;

/** The list of traces, and the one of conversations. */
export class TraceNav {
  readonly root: HTMLElement = element('nav', { 'aria-label': 'Traces' });
  readonly #kinds = element('div', { class: 'kinds', role: 'group', 'aria-label': 'List' });
  readonly #list = element('ul', {});
  readonly #choose: (entry: TraceEntry) => void;
  readonly #changeKind: (kind: TraceEntry['kind']) => void;

  constructor(choose: (entry: TraceEntry) => void, changeKind: (kind: TraceEntry['kind']) => void) {
    this.#choose = choose;
    this.#changeKind = changeKind;
    this.root.append(this.#kinds, this.#list);
  }

  show(lists: TraceLists, kind: TraceEntry['kind'], open: TraceEntry | undefined): void {
    const { traces, conversations, dropped, unlisted } = lists;
    const entries = kind === 'trace' ? traces : conversations;
    const focused = [...this.root.querySelectorAll('button')].indexOf(
      document.activeElement as HTMLButtonElement,
    );
    const lengths = { trace: traces.length, conversation: conversations.length };
    fill(
      this.#kinds,
      ...LIST_KINDS.map((each) => this.#kindButton(each, lengths[each.kind], each.kind === kind)),
    );
    this.#kinds.hidden = conversations.length === 0 && kind === 'trace';
    const rest = entries.length - MAX_PAGE_TRACES;
    fill(
      this.#list,
      entries
        .slice(0, MAX_PAGE_TRACES)
        .map((entry) => element('li', {}, this.#button(entry, isSameEntry(entry, open)))),
      rest > 0 && element('li', { class: 'note' }, `and ${grouped(rest)} more; use the filter to find them`),
      dropped > 0 &&
        kind === 'trace' &&
        element('li', { class: 'note' }, `${count(dropped, 'older trace was', 'older traces were')} dropped`),
      unlisted > 0 &&
        kind === 'conversation' &&
        element(
          'li',
          { class: 'note' },
          `${count(unlisted, 'older conversation is', 'older conversations are')} not listed`,
        ),
    );
    if (focused >= 0) this.root.querySelectorAll('button')[focused]?.focus();
  }

  /** Marks the entry that is open. */
  mark(open: TraceEntry): void {
    for (const button of this.#list.querySelectorAll('button'))
      if (button.dataset.id === open.id) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
  }

  #kindButton({ kind, label }: (typeof LIST_KINDS)[number], length: number, pressed: boolean): HTMLElement {
    return element(
      'button',
      { type: 'button', 'aria-pressed': String(pressed), click: () => this.#changeKind(kind) },
      `${label} ${grouped(length)}`,
    );
  }

  #button(entry: TraceEntry, current: boolean): HTMLElement {
    const { start, end, cost, unpriced, spans, traces } = entry;
    const facts = [
      formatDuration(start, end),
      totalTokens(entry),
      costOf(cost, unpriced),
      entry.kind === 'conversation' ? count(traces, 'trace') : undefined,
      count(spans, 'span'),
    ];
    const button = element(
      'button',
      { type: 'button', 'aria-current': current ? 'true' : undefined, click: () => this.#choose(entry) },
      element('span', { class: 'title' }, element('strong', {}, entry.title.slice(0, 100)), badge(entry)),
      entry.prompt !== undefined && element('span', { class: 'prompt' }, entry.prompt),
      element('span', { class: 'dim' }, facts.filter((fact) => fact !== undefined).join(' · ')),
      element('span', { class: 'dim' }, clock(start)),
    );
    button.dataset.id = entry.id;
    return button;
  }
}

export function isSameEntry(
  a: Pick<TraceEntry, 'kind' | 'id'> | undefined,
  b: Pick<TraceEntry, 'kind' | 'id'> | undefined,
): boolean {
  return a !== undefined && a.id === b?.id && a.kind === b.kind;
}
