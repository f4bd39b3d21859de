/** The segments of a request's path, without origin, query, fragment and outer slashes. */
export interface PathSegments {
  readonly segments: readonly string[];
  /** The path was a whole URL, so it may begin with a base path. */
  readonly absolute: boolean;
  /** The path was too long and was cut. */
  readonly truncated: boolean;
}

/** Far more than any endpoint needs; bounds the work for an absurd path. */
const MAX_PATH_LENGTH = 2048;

const SLASH = 47;

/** Splits a path or URL. Anything but a string has no segments. */
export function pathSegments(path: unknown): PathSegments {
  if (typeof path !== 'string') return { segments: [], absolute: false, truncated: false };
  const truncatedText = path.length > MAX_PATH_LENGTH;
  const text = truncatedText ? path.slice(0, MAX_PATH_LENGTH) : path;
  const query = endOfPath(text);
  const origin = endOfOrigin(text, query);
  const truncated = truncatedText && query === text.length;

  let start = origin;
  // Drop a segment that was cut in two.
  let end = truncated ? Math.max(text.lastIndexOf('/'), start) : query;
  while (start < end && text.charCodeAt(start) === SLASH) start++;
  while (end > start && text.charCodeAt(end - 1) === SLASH) end--;

  const segments = start < end ? text.slice(start, end).split('/') : [];
  return { segments, absolute: origin > 0, truncated };
}

/** The start of the query or fragment, or else the length. */
function endOfPath(text: string): number {
  const query = text.indexOf('?');
  const fragment = text.indexOf('#');
  if (query < 0) return fragment < 0 ? text.length : fragment;
  return fragment < 0 ? query : Math.min(query, fragment);
}

/** The start of the path in a whole URL; 0 for a path. */
function endOfOrigin(text: string, end: number): number {
  const slash = text.indexOf('/');
  const isOrigin = slash > 1 && slash < end && text.startsWith('://', slash - 1);
  if (!isOrigin) return 0;
  const path = text.indexOf('/', slash + 2);
  return path < 0 || path > end ? end : path;
}
