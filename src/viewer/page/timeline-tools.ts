import { element } from './element.ts';

/** What the tools of the timeline do. */
export interface TimelineActions {
  zoomIn(): void;
  zoomOut(): void;
  showAll(): void;
  /** Shows what is before (-1) or after (1). */
  move(direction: -1 | 1): void;
  collapseAll(): void;
  expandAll(): void;
}

/** Buttons for what keys and a mouse do otherwise. The style shows them where a finger is used. */
export function timelineTools(actions: TimelineActions): HTMLElement {
  const tool = (label: string, sign: string, act: () => void): HTMLElement =>
    element(
      'button',
      { type: 'button', 'aria-label': label, title: label, click: act },
      element('span', { 'aria-hidden': 'true' }, sign),
    );
  return element(
    'div',
    { class: 'timeline-tools', role: 'group', 'aria-label': 'Timeline view' },
    tool('Zoom in', '+', actions.zoomIn),
    tool('Zoom out', '−', actions.zoomOut),
    tool('Earlier', '←', () => actions.move(-1)),
    tool('Later', '→', () => actions.move(1)),
    tool('Show the whole trace', '↔', actions.showAll),
    tool('Collapse all', '▸', actions.collapseAll),
    tool('Expand all', '▾', actions.expandAll),
  );
}
