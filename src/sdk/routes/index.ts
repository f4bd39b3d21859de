import { genericTemplate } from './generic.ts';
import { type PathSegments, pathSegments } from './path.ts';
import type { Route } from './row.ts';
import { ROUTE_TABLE } from './table.ts';
import { buildTrie, familyOf, findEndpoint, routeOf, type TrieEndpoint, type TrieNode } from './trie.ts';

export type { InvocationKind, PathParameter, Route } from './row.ts';

/** An endpoint and the parameter values of one request to it. */
export interface RouteMatch {
  readonly route: Route;
  /** Percent-decoded, in the order of `route.parameters`. */
  readonly values: readonly (string | undefined)[];
}

const NO_VALUES: readonly string[] = [];
const NO_PARAMETERS: Route['parameters'] = [];

/** The HTTP methods in upper and lower case. */
const METHODS: ReadonlyMap<string, string> = new Map(
  ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE'].flatMap((method) => [
    [method, method],
    [method.toLowerCase(), method],
  ]),
);
const MAX_METHOD_LENGTH = 'OPTIONS'.length;

/** Segments before the API's own path. Azure adds `/deployments/{name}`. */
const PATH_PREFIXES: ReadonlySet<string> = new Set(['openai', 'v1']);

let trie: TrieNode | undefined;
/** Caches matches without parameters by path, which is also their template, and method. */
const literals = new Map<string, Map<string, RouteMatch>>();

/**
 * Finds the route of a request by method and path. It never throws.
 *
 * A path without a row gets a generic low-cardinality template without parameters. A known path with an unlisted method
 * keeps its template and parameters.
 *
 * @param method in any case: `post`
 * @param path as in the SDK's request options: `/threads/thread_1/runs?limit=2`, or a whole URL
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const known = methodName(method);
  const literal = literals.get(path)?.get(known);
  if (literal !== undefined) return literal;
  trie ??= buildTrie(ROUTE_TABLE);
  const parts = pathSegments(path);
  return matchEndpoint(trie, known, path, parts) ?? unknownRoute(trie, known, parts);
}

function matchEndpoint(
  root: TrieNode,
  method: string,
  path: string,
  parts: PathSegments,
): RouteMatch | undefined {
  const { segments, absolute, truncated } = parts;
  if (truncated) return undefined;
  let start = skipPrefixes(segments, 0);
  while (start < segments.length) {
    const endpoint = findEndpoint(root, segments, start);
    if (endpoint !== undefined) {
      const { template, positions } = endpoint;
      if (template === path && positions.length === 0) return rememberLiteral(endpoint, method);
      return { route: routeOf(endpoint, method), values: valuesAt(positions, segments, start) };
    }
    // The base path of a whole URL is unknown: try each suffix until one is an endpoint.
    if (!absolute) return undefined;
    start++;
    while (start < segments.length && !root.literals?.has(segments[start] ?? '')) start++;
  }
  return undefined;
}

/** What older releases of openai send for an id that the program lacks. As ids, different users would share them. */
const MISSING_IDS: ReadonlySet<string> = new Set(['undefined', 'null']);

/** The parameters in the path. Each call about something that exists passes here, so no function is made. */
function valuesAt(
  positions: readonly number[],
  segments: readonly string[],
  start: number,
): (string | undefined)[] {
  const values: (string | undefined)[] = [];
  for (let index = 0; index < positions.length; index++) {
    const segment = segments[start + (positions[index] ?? 0)] ?? '';
    if (MISSING_IDS.has(segment)) values.push(undefined);
    else values.push(segment.includes('%') ? decodeSegment(segment) : segment);
  }
  return values;
}

/** There are as many as endpoints and methods: an unlisted method has one name. */
function rememberLiteral(endpoint: TrieEndpoint, method: string): RouteMatch {
  const match: RouteMatch = { route: routeOf(endpoint, method), values: NO_VALUES };
  const matches = literals.get(endpoint.template) ?? new Map<string, RouteMatch>();
  literals.set(endpoint.template, matches.set(method, match));
  return match;
}

function unknownRoute(
  root: TrieNode,
  method: string,
  { segments, absolute, truncated }: PathSegments,
): RouteMatch {
  const start = absolute ? skipBasePath(root, segments) : skipPrefixes(segments, 0);
  const template = genericTemplate(root, segments, start, truncated);
  const family = familyOf(template);
  const endpoint = `${method} ${template}`;
  const route: Route = { method, template, endpoint, family, parameters: NO_PARAMETERS };
  return { route, values: NO_VALUES };
}

/** The start of the API's own path in `/v1/…`, `/openai/v1/…`, `/openai/deployments/{name}/…` and the like. */
function skipPrefixes(segments: readonly string[], from: number): number {
  let start = from;
  for (;;) {
    const segment = segments[start] ?? '';
    if (PATH_PREFIXES.has(segment)) start++;
    else if (segment === 'deployments' && start + 2 < segments.length) start += 2;
    else return start;
  }
}

/** The same for a whole URL without a known endpoint: after the version, or else at a known first segment. */
function skipBasePath(root: TrieNode, segments: readonly string[]): number {
  const version = segments.lastIndexOf('v1');
  const known = version >= 0 ? version : segments.findIndex((segment) => root.literals?.has(segment));
  return skipPrefixes(segments, Math.max(known, 0));
}

function methodName(method: unknown): string {
  if (typeof method !== 'string') return '_OTHER';
  const known = METHODS.get(method);
  if (known !== undefined) return known;
  return (method.length <= MAX_METHOD_LENGTH ? METHODS.get(method.toUpperCase()) : undefined) ?? '_OTHER';
}

function decodeSegment(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
