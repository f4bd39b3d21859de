import type { ShownSpan } from '../page-span.ts';
import type { Row } from '../tree.ts';
import { findRows, type Trace, type TraceEntry } from '../viewed-trace.ts';
import { readAddress, writeAddress } from './address.ts';
import { Chat } from './chat.ts';
import { fill } from './element.ts';
import { inspector } from './inspector.ts';
import { overview } from './overview.ts';
import { Panels } from './panels.ts';
import { Waterfall } from './waterfall.ts';

/** What a trace asks of the page around it. */
export interface TraceViewPage {
  clearFilter(): void;
  showErrors(): void;
  searchFor(id: string): void;
  /** The reader looks at this trace. */
  selected(): void;
}

/** An open trace or conversation: its summary, timeline and conversation, and the selected span. */
export class TraceView {
  readonly trace: Trace;
  readonly #entry: TraceEntry;
  readonly #page: TraceViewPage;
  readonly waterfall: Waterfall;
  readonly chat: Chat;
  readonly panels: Panels;
  #filter: string | undefined;
  #found: ReadonlySet<Row> = new Set();
  #selected: Row | undefined;
  /** What is shown of the selected span. It stays as the reader left it while spans are added to the trace. */
  inspected: { readonly span: string; readonly shown: HTMLElement } | undefined;

  /** @param before the view of the same trace with fewer spans, which it goes on from */
  constructor(
    entry: TraceEntry,
    trace: Trace,
    parent: HTMLElement,
    before: TraceView | undefined,
    page: TraceViewPage,
  ) {
    this.trace = trace;
    this.#entry = entry;
    this.#page = page;
    const select = (row: Row): void => this.#select(row);
    this.waterfall = new Waterfall(trace, select, before?.waterfall);
    this.chat = new Chat(trace, select, before?.chat);
    this.panels = new Panels(this.waterfall.root, this.chat.root, () => this.#deselect(true));
    const scrolled = before === undefined ? [] : before.#scrollers.map(({ scrollTop }) => scrollTop);
    const focused = document.querySelector<HTMLElement>(':focus');
    const selection = getSelection();
    const { anchorNode, anchorOffset = 0, focusNode, focusOffset = 0, isCollapsed } = selection ?? {};
    fill(
      parent,
      overview(trace, entry, select, () => page.showErrors()),
      this.panels.root,
      this.panels.sheet,
    );
    if (before === undefined) return;
    this.inspected = before.inspected;
    this.#selected = this.waterfall.selected;
    if (this.#selected !== undefined) this.#inspect(this.#selected);
    this.panels.resume(before.panels);
    // After the conversation is filled in.
    queueMicrotask(() => {
      for (const [i, each] of this.#scrollers.entries()) each.scrollTop = scrolled[i] ?? 0;
      const same = focused?.isConnected === false ? document.getElementById(focused.id) : focused;
      same?.focus({ preventScroll: true });
      if (isCollapsed === false && anchorNode?.isConnected && focusNode?.isConnected)
        selection?.setBaseAndExtent(anchorNode, anchorOffset, focusNode, focusOffset);
    });
  }

  get #scrollers(): readonly Element[] {
    return [...this.panels.root.querySelectorAll('.details'), this.panels.sheet];
  }

  filter(words: string, onlyErrors: boolean): void {
    const filter = words + onlyErrors;
    // The spans of another trace redraw nothing here.
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#found = findRows(this.trace, words, onlyErrors);
    this.waterfall.filter(this.#found);
    this.chat.show(this.#found);
  }

  /** Selects the next failed span, and after the last one the first again. */
  selectNextError(): void {
    const { errors } = this.trace.summary;
    const at = this.#selected === undefined ? -1 : errors.indexOf(this.#selected);
    const next = errors[(at + 1) % errors.length];
    if (next !== undefined) this.#select(next);
  }

  toggleZoom(): void {
    this.waterfall.toggleZoom();
  }

  toggleAll(): void {
    this.waterfall.toggleAll();
  }

  /** Selects the span that the address names, or none. */
  showAddress(): void {
    const address = readAddress();
    const isHere = address?.kind === this.#entry.kind && address.id === this.#entry.id;
    const id = isHere ? address.span : undefined;
    const row = id && this.trace.rows.find(({ node }) => node.span.spanContext().spanId === id);
    if (row) this.#show(row, false);
    else if (this.#selected !== undefined) this.#deselect(false);
  }

  #select(row: Row): void {
    this.#page.selected();
    // A selected row must be visible, so a filter that hides it is cleared.
    if (this.#found.size > 0 && !this.#found.has(row)) this.#page.clearFilter();
    const { kind, id } = this.#entry;
    const span = row.node.span.spanContext().spanId;
    // Going back closes a sheet. Beside the timeline there is nothing to close.
    writeAddress({ kind, id, span }, this.#selected === undefined && !this.panels.isWide);
    this.#show(row, true);
  }

  #show(row: Row, focus: boolean): void {
    this.#selected = row;
    this.waterfall.mark(row, focus);
    this.#inspect(row);
  }

  #inspect(row: Row): void {
    const span = JSON.stringify([
      row.node.span.spanContext().spanId,
      (row.node.span as ShownSpan).events.length,
    ]);
    if (this.inspected?.span !== span)
      this.inspected = { span, shown: inspector(row, this.trace, (id) => this.#searchFor(id)) };
    this.panels.showSpan(this.inspected.shown);
  }

  #deselect(byReader: boolean): void {
    if (this.#selected === undefined) return;
    this.#selected = undefined;
    this.panels.hideSpan();
    this.waterfall.unmark();
    const { kind, id } = this.#entry;
    if (byReader && readAddress()?.span !== undefined) writeAddress({ kind, id, span: undefined }, false);
  }

  #searchFor(id: string): void {
    if (!this.panels.isWide) this.#deselect(true);
    this.#page.searchFor(id);
  }
}
