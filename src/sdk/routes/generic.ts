import type { TrieNode } from './trie.ts';

const MAX_SEGMENTS = 12;
const MAX_WORD_LENGTH = 32;
/** Between separators. Longer than any English word, shorter than generated secrets. */
const MAX_WORD_PART_LENGTH = 20;

/**
 * Builds a low-cardinality template for a path without a row: `/threads/{id}/summary`. A segment becomes `{id}` where an
 * endpoint of the table has a parameter, after a plural, after a word that the table does not have there, and if it does
 * not look like a word: `/user/{id}`. Ids, keys, names and addresses thus stay out of span names.
 */
export function genericTemplate(
  root: TrieNode,
  segments: readonly string[],
  start: number,
  truncated: boolean,
): string {
  const end = Math.min(segments.length, start + MAX_SEGMENTS);
  let node: TrieNode | undefined = root;
  let template = '';
  let expectsId = false;
  for (let index = start; index < end; index++) {
    const segment = segments[index] ?? '';
    const literal: TrieNode | undefined = node?.literals?.get(segment);
    const parameter: TrieNode | undefined = literal === undefined ? node?.parameter : undefined;
    const named: boolean = parameter !== undefined || expectsId;
    const keep: boolean = literal !== undefined || (!named && looksLikeWord(segment));
    template += keep ? `/${segment}` : '/{id}';
    expectsId = keep && (literal === undefined || segment.endsWith('s'));
    node = literal ?? parameter;
  }
  if (truncated || end < segments.length) template += '/…';
  return template === '' ? '/' : template;
}

/** Whether a segment may be the name of a resource or action: lower-case words joined by `_` or `-`. */
function looksLikeWord(segment: string): boolean {
  if (segment.length > MAX_WORD_LENGTH) return false;
  let letters = 0;
  for (let index = 0; index < segment.length; index++) {
    const code = segment.charCodeAt(index);
    if (code >= 97 && code <= 122) {
      letters++;
      if (letters > MAX_WORD_PART_LENGTH) return false;
    } else if (letters > 0 && (code === 95 || code === 45)) {
      letters = 0;
    } else {
      return false;
    }
  }
  return letters > 0;
}
