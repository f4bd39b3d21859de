import { genericTemplate } from './generic.ts';
import { type PathSegments, pathSegments } from './path.ts';
import type { Route } from './row.ts';
import { ROUTE_TABLE } from './table.ts';
import { buildTrie, type Endpoint, familyOf, findEndpoint, routeOf, type TrieNode } from './trie.ts';

export type { Invocation, OperationKey, PathParameter, Route } from './row.ts';

/** An endpoint and the parameter values of one request to it. */
export interface RouteMatch {
  readonly route: Route;
  /** Percent-decoded, in the order of `route.parameters`. */
  readonly values: readonly string[];
}

const NO_VALUES: readonly string[] = [];
const NO_PARAMETERS: Route['parameters'] = [];

/** Every method of HTTP, in the two spellings that occur, to its name. */
const METHODS: ReadonlyMap<string, string> = new Map(
  ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE'].flatMap((method) => [
    [method, method],
    [method.toLowerCase(), method],
  ]),
);
const LONGEST_METHOD = 'OPTIONS'.length;

/** Segments before the API's own path that are no part of it; `/deployments/{name}` is Azure's third. */
const PREFIXES: ReadonlySet<string> = new Set(['openai', 'v1']);

let trie: TrieNode | undefined;
/** The endpoints without parameters that were asked for, by their template, which is also their path. */
const literals = new Map<string, Endpoint>();

/**
 * What a request is, by method and path.
 *
 * Never throws, whatever it is given. A path that is not in the table gets a route made for it, with a generic
 * template of low cardinality and no parameters; a known path with a method that is not in the table keeps
 * template and parameters.
 *
 * @param method in any case: `post`
 * @param path as the SDK's request options have it: `/threads/thread_1/runs?limit=2`, or a whole URL
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const known = methodName(method);
  const literal = literals.get(path);
  if (literal !== undefined) return { route: routeOf(literal, known), values: NO_VALUES };
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
    const values: string[] = [];
    const endpoint = findEndpoint(root, segments, start, values);
    if (endpoint !== undefined) {
      if (endpoint.template === path && values.length === 0) literals.set(path, endpoint);
      for (let index = 0; index < values.length; index++) values[index] = decode(values[index] ?? '');
      return { route: routeOf(endpoint, method), values };
    }
    // Where the base path of a whole URL ends is not known: the first rest that is an endpoint is taken.
    if (!absolute) return undefined;
    start++;
    while (start < segments.length && !root.literals?.has(segments[start] ?? '')) start++;
  }
  return undefined;
}

function unknownRoute(
  root: TrieNode,
  method: string,
  { segments, absolute, truncated }: PathSegments,
): RouteMatch {
  const start = absolute ? skipBasePath(root, segments) : skipPrefixes(segments, 0);
  const template = genericTemplate(root, segments, start, truncated);
  const family = familyOf(template);
  const route: Route = { operation: 'request', method, template, family, parameters: NO_PARAMETERS };
  return { route, values: NO_VALUES };
}

/** Where the API's own path begins in `/v1/…`, `/openai/v1/…`, `/openai/deployments/{name}/…` and the like. */
function skipPrefixes(segments: readonly string[], from: number): number {
  let start = from;
  for (;;) {
    const segment = segments[start] ?? '';
    if (PREFIXES.has(segment)) start++;
    else if (segment === 'deployments' && start + 2 < segments.length) start += 2;
    else return start;
  }
}

/** The same for a whole URL that no endpoint was found in: behind its version, else at a known first segment. */
function skipBasePath(root: TrieNode, segments: readonly string[]): number {
  const version = segments.lastIndexOf('v1');
  const known = version >= 0 ? version : segments.findIndex((segment) => root.literals?.has(segment));
  return skipPrefixes(segments, Math.max(known, 0));
}

function methodName(method: unknown): string {
  if (typeof method !== 'string') return '_OTHER';
  const known = METHODS.get(method);
  if (known !== undefined) return known;
  return (method.length <= LONGEST_METHOD ? METHODS.get(method.toUpperCase()) : undefined) ?? '_OTHER';
}

function decode(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
