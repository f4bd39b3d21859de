/** A request's path in segments, without origin, query, fragment and slashes at either end. */
export interface PathSegments {
  readonly segments: readonly string[];
  /** The path was a whole URL: a base path may stand before the API's own. */
  readonly absolute: boolean;
  /** There was more of it, which was not read. */
  readonly truncated: boolean;
}

/** Far above what any endpoint needs; it bounds the work an absurd path can cause. */
const MAX_LENGTH = 2048;

const SLASH = 47;

/** Takes a path or URL apart, whatever it is; what is no string has no segments. */
export function pathSegments(path: unknown): PathSegments {
  if (typeof path !== 'string') return { segments: [], absolute: false, truncated: false };
  const truncatedText = path.length > MAX_LENGTH;
  const text = truncatedText ? path.slice(0, MAX_LENGTH) : path;
  const query = endOfPath(text);
  const origin = endOfOrigin(text, query);
  const truncated = truncatedText && query === text.length;

  let start = origin;
  // A segment that was cut in two would not be what it says.
  let end = truncated ? Math.max(text.lastIndexOf('/'), start) : query;
  while (start < end && text.charCodeAt(start) === SLASH) start++;
  while (end > start && text.charCodeAt(end - 1) === SLASH) end--;

  const segments: string[] = [];
  while (start < end) {
    const slash = text.indexOf('/', start);
    const next = slash < 0 || slash > end ? end : slash;
    segments.push(text.slice(start, next));
    start = next + 1;
  }
  return { segments, absolute: origin > 0, truncated };
}

/** Where the query or fragment begins, else the length. */
function endOfPath(text: string): number {
  const query = text.indexOf('?');
  const fragment = text.indexOf('#');
  if (query < 0) return fragment < 0 ? text.length : fragment;
  return fragment < 0 ? query : Math.min(query, fragment);
}

/** Where the path of a whole URL begins, 0 for what is a path already. */
function endOfOrigin(text: string, end: number): number {
  const slash = text.indexOf('/');
  const isOrigin = slash > 1 && slash < end && text.startsWith('://', slash - 1);
  if (!isOrigin) return 0;
  const path = text.indexOf('/', slash + 2);
  return path < 0 || path > end ? end : path;
}
