import { element, fill } from './element.ts';

/** Below this width there is no room for details beside the timeline. */
const WIDE_SCREEN = '(min-width: 1101px)';

type PanelName = 'timeline' | 'chat' | 'span';

const LABELS: Readonly<Record<PanelName, string>> = {
  timeline: 'Timeline',
  chat: 'Conversation',
  span: 'Span',
};

/**
 * The timeline, the conversation and the selected span. Where there is room, the latter two are tabs beside the timeline.
 * Elsewhere the timeline and the conversation are tabs, and the span is a sheet over them.
 */
export class Panels {
  readonly root: HTMLElement = element('div', { class: 'panes' });
  readonly sheet: HTMLDialogElement = element('dialog', { class: 'sheet', 'aria-label': 'Span' });
  readonly #panels: Readonly<Record<PanelName, HTMLElement>>;
  readonly #tabs: Readonly<Record<PanelName, HTMLElement>>;
  readonly #wide = matchMedia(WIDE_SCREEN);
  readonly #print = matchMedia('print');
  /** Paper is narrower than the screen, and keeps the layout of that. */
  #laidOutWide: boolean | undefined;
  readonly #closeSpan: () => void;
  #chosen: PanelName = 'chat';
  #hasSpan = false;

  /** @param closeSpan called when the reader closes the sheet */
  constructor(timeline: HTMLElement, chat: HTMLElement, closeSpan: () => void) {
    this.#closeSpan = closeSpan;
    const panel = (name: PanelName, content: HTMLElement): HTMLElement =>
      element('div', { id: `panel-${name}`, class: 'panel' }, content);
    this.#panels = {
      timeline: panel('timeline', timeline),
      chat: panel('chat', chat),
      span: panel('span', nothingSelected()),
    };
    this.#tabs = { timeline: this.#tab('timeline'), chat: this.#tab('chat'), span: this.#tab('span') };
    this.sheet.addEventListener('close', () => {
      if (!this.#wide.matches) this.#closeSpan();
    });
    // A press beside the sheet closes it.
    this.sheet.addEventListener('click', ({ target }) => {
      if (target === this.sheet) this.sheet.close();
    });
    for (const media of [this.#wide, this.#print]) {
      const change = (): void => {
        if (this.root.isConnected) this.#onMedia();
        else media.removeEventListener('change', change);
      };
      media.addEventListener('change', change);
    }
    this.#layOut();
  }

  get isWide(): boolean {
    return this.#wide.matches;
  }

  /** Takes over what the reader chose in the panels of the same trace before. */
  resume(before: Panels): void {
    this.#choose(before.#chosen);
  }

  showSpan(content: HTMLElement): void {
    this.#hasSpan = true;
    fill(this.#panels.span, content);
    if (this.#wide.matches) this.#choose('span');
    else if (!this.sheet.open && this.sheet.isConnected) this.sheet.showModal();
  }

  hideSpan(): void {
    this.#hasSpan = false;
    fill(this.#panels.span, nothingSelected());
    if (this.sheet.open) this.sheet.close();
    if (this.#chosen === 'span') this.#choose('chat');
  }

  #onMedia(): void {
    const prints = this.#print.matches;
    if (!prints && this.#laidOutWide !== this.#wide.matches) this.#layOut();
    // Nothing lies over anything on paper.
    else if (this.#laidOutWide === false)
      (prints && this.sheet.open ? this.root : this.sheet).append(this.#panels.span);
  }

  #layOut(): void {
    const isWide = this.#wide.matches;
    this.#laidOutWide = isWide;
    const { timeline, chat, span } = this.#panels;
    const names: readonly PanelName[] = isWide ? ['chat', 'span'] : ['timeline', 'chat'];
    const tabs = element('div', { role: 'tablist' }, ...names.map((name) => this.#tabs[name]));
    for (const name of ['timeline', 'chat', 'span'] as const) this.#setRole(name, names.includes(name));
    if (this.sheet.open) this.sheet.close();
    if (isWide) {
      fill(
        this.root,
        element('section', { 'aria-label': 'Timeline' }, timeline),
        element('section', { class: 'details', 'aria-label': 'Details' }, tabs, chat, span),
      );
      this.#choose(this.#hasSpan ? 'span' : 'chat');
    } else {
      const close = element(
        'button',
        { type: 'button', click: () => this.sheet.close() },
        element('span', { 'aria-hidden': 'true' }, '← '),
        'Back',
      );
      fill(this.sheet, element('div', { class: 'bar-of-sheet' }, close), span);
      fill(
        this.root,
        element('section', { class: 'details', 'aria-label': 'Details' }, tabs, timeline, chat),
      );
      this.#choose('timeline');
    }
  }

  #setRole(name: PanelName, isTab: boolean): void {
    const panel = this.#panels[name];
    const attributes = { role: 'tabpanel', 'aria-labelledby': `tab-${name}`, tabindex: '0' };
    // The timeline has a tab stop of its own.
    for (const [attribute, value] of Object.entries(attributes))
      if (isTab && (attribute !== 'tabindex' || name !== 'timeline')) panel.setAttribute(attribute, value);
      else panel.removeAttribute(attribute);
    panel.hidden = false;
  }

  #tab(name: PanelName): HTMLElement {
    const tab = element(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${name}`,
        'aria-controls': `panel-${name}`,
        click: () => this.#choose(name),
      },
      LABELS[name],
    );
    tab.addEventListener('keydown', ({ key }) => {
      if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
      const other = [...(tab.parentElement?.children ?? [])].find((each) => each !== tab);
      (other as HTMLElement | undefined)?.click();
      (other as HTMLElement | undefined)?.focus();
    });
    return tab;
  }

  #choose(name: PanelName): void {
    this.#chosen = name;
    for (const each of ['timeline', 'chat', 'span'] as const) {
      const isTab = this.#panels[each].getAttribute('role') === 'tabpanel';
      this.#tabs[each].setAttribute('aria-selected', String(each === name));
      this.#tabs[each].tabIndex = each === name ? 0 : -1;
      this.#panels[each].hidden = isTab && each !== name;
    }
  }
}

function nothingSelected(): HTMLElement {
  return element('p', { class: 'dim' }, 'Select a span in the timeline.');
}
