import { effect } from '@preact/signals';
import { patternOf } from '../trace-filter.ts';
import { filterWords } from './state.ts';

const MARKED = '.row .name, nav, #panel-chat, #panel-span';
const MAX_SEARCHED_NODES = 5_000;
const MAX_MATCHES = 1_000;

/** Marks the words of the filter in names and contents on the page, without changing its elements. */
export function markMatches(): void {
  // Older browsers lack the CSS Custom Highlight API.
  if (!('highlights' in CSS)) return;
  const mark = (): void => void CSS.highlights.set('found', matchesOf(patternOf(filterWords.peek())));
  new MutationObserver(() => {
    if (filterWords.peek() !== '') mark();
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
  effect(() => {
    filterWords.value;
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
        const range = new Range();
        range.setStart(text, index);
        range.setEnd(text, index + match.length);
        found.add(range);
      }
  }
  return found;
}
