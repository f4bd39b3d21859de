import { contentOf } from '../span-content.ts';
import type { ViewedSpan } from '../viewed-span.ts';

const MAX_PREVIEW_LENGTH = 200;
const MAX_PREVIEWED_LENGTH = 100_000;

const PREVIEWS = new WeakMap<object, string>();

/** What a span did, in a few words: what it answered, the tools that it requested, what it was asked, or its path. */
export function previewOf(span: ViewedSpan): string {
  const known = PREVIEWS.get(span);
  if (known !== undefined) return known;
  const lines = contentOf(span.attributes, MAX_PREVIEWED_LENGTH);
  // Of messages, the answer is shown, or else the end of the question, which says more than its beginning.
  const shown = lines.some(({ role }) => role !== undefined) ? lines.slice(-1) : lines;
  const texts = shown.map(({ mark, role, text }) => {
    const isQuestion = mark === '›' && role !== undefined;
    if (text.length <= MAX_PREVIEW_LENGTH) return text;
    return isQuestion ? `…${text.slice(-MAX_PREVIEW_LENGTH)}` : text.slice(0, MAX_PREVIEW_LENGTH);
  });
  const preview = texts.join(' → ') || requestedPath(span);
  PREVIEWS.set(span, preview);
  return preview;
}

function requestedPath({ name, attributes }: ViewedSpan): string {
  const url = attributes['url.full'] ?? attributes['http.url'] ?? attributes['url.path'];
  if (typeof url !== 'string') return '';
  const path = url.slice(0, MAX_PREVIEWED_LENGTH).replace(/^\w+:\/\/[^/]*/, '') || '/';
  return name.includes(path) ? '' : path.slice(0, MAX_PREVIEW_LENGTH);
}
