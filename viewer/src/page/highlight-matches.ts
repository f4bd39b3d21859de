import { effect } from '@preact/signals';
import { foundPattern } from './state.ts';

const MARKED = '.row .name, nav, .chat, #panel-span';
const MAX_SEARCHED_NODES = 5_000;
const MAX_MATCHES = 1_000;

/** Marks the words of the filter in names and contents on the page, and unfolds messages that contain them. */
export function markMatches(): void {
  // Older browsers lack the CSS Custom Highlight API.
  if (!('highlights' in CSS)) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Once for all changes of a task, and in a task of its own.
  const mark = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => CSS.highlights.set('found', matchesOf(foundPattern.peek())));
  };
  new MutationObserver(() => {
    if (foundPattern.peek() !== undefined) mark();
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
  effect(() => {
    foundPattern.value;
    mark();
  });
}

function matchesOf(pattern: RegExp | undefined): Highlight {
  const found = new Highlight();
  if (pattern === undefined) return found;
  let left = MAX_SEARCHED_NODES;
  for (const part of document.querySelectorAll(MARKED)) {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null && left-- > 0; text = texts.nextNode())
      for (const { index, 0: match } of text.nodeValue?.matchAll(pattern) ?? []) {
        if (found.size >= MAX_MATCHES) return found;
        // A static range, because the browser would update others at each change of the page.
        const [startOffset, endOffset] = [index, index + match.length];
        const range = new StaticRange({ startContainer: text, startOffset, endContainer: text, endOffset });
        found.add(range);
        text.parentElement?.closest('details.said')?.setAttribute('open', '');
      }
  }
  return found;
}
