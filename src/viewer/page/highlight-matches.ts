import { effect } from '@preact/signals';
import { patternOf } from '../trace-filter.ts';
import { address } from './address.ts';

const MARKED = '.row .name, nav, #panel-chat, #panel-span';
const MAX_SEARCHED_NODES = 5_000;
const MAX_MATCHES = 1_000;

/** Marks the words of the filter wherever the page shows them, without changing its elements. */
export function markMatches(): void {
  // Older browsers cannot mark text in this way.
  if (!('highlights' in CSS)) return;
  let isWaiting = false;
  const markSoon = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      mark(patternOf(address.peek().words));
    });
  };
  new MutationObserver(() => {
    if (address.peek().words !== '') markSoon();
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
  effect(() => {
    address.value;
    markSoon();
  });
}

function mark(pattern: RegExp | undefined): void {
  const found = new Highlight();
  let left = MAX_SEARCHED_NODES;
  for (const part of pattern === undefined ? [] : document.querySelectorAll(MARKED)) {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null && left-- > 0; text = texts.nextNode())
      for (const { index, 0: match } of (text.nodeValue ?? '').matchAll(pattern ?? /$^/g)) {
        if (found.size >= MAX_MATCHES) break;
        const range = new Range();
        range.setStart(text, index);
        range.setEnd(text, index + match.length);
        found.add(range);
      }
  }
  CSS.highlights.set('found', found);
}
