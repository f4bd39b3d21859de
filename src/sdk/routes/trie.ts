import { pathParameters } from './parameters.ts';
import type { EndpointMethod, Meaning, Meanings, PathParameter, Route, RouteRow } from './row.ts';

/** The routes of one path template. */
export interface TrieEndpoint {
  readonly template: string;
  readonly parameters: readonly PathParameter[];
  /** The index of each parameter's segment. */
  readonly positions: readonly number[];
  readonly meanings: Meanings;
  readonly created: PathParameter | undefined;
  /** By method, created lazily. */
  readonly routes: Map<string, Route>;
}

/** A segment that several templates share. */
export interface TrieNode {
  literals: Map<string, TrieNode> | undefined;
  parameter: TrieNode | undefined;
  /** The template up to and with the parameter. */
  parameterTemplate: string | undefined;
  row: RouteRow | undefined;
  /** Parsed lazily: a program uses few of the endpoints. */
  endpoint: TrieEndpoint | undefined;
}

const PLAIN: Meaning = {};

/** Arranges the rows by path segment. */
export function buildTrie(rows: readonly RouteRow[]): TrieNode {
  const root = newNode();
  for (const row of rows) descend(root, row[0]).row = row;
  // Not an endpoint but a prefix of Azure's paths, whose second segment the customer chooses.
  descend(root, '/deployments/{deployment}');
  return root;
}

/** The route of a method at an endpoint. A method without a meaning is a plain request. */
export function routeOf(endpoint: TrieEndpoint, method: string): Route {
  const known = endpoint.routes.get(method);
  if (known !== undefined) return known;
  const { template, parameters, meanings } = endpoint;
  const meaning = meanings[method as EndpointMethod] ?? PLAIN;
  const created = method === 'POST' ? endpoint.created : undefined;
  const family = familyOf(template);
  const name = `${method} ${template}`;
  const route: Route = { ...meaning, method, template, endpoint: name, family, parameters, created };
  endpoint.routes.set(method, route);
  return route;
}

/** The first segment of a template. */
export function familyOf(template: string): string {
  return template.split('/', 2)[1] ?? '';
}

/**
 * Finds the endpoint whose template matches the segments from `start` on. A literal takes precedence over a parameter
 * (`/threads/runs` is not a thread), without backtracking, which no template needs.
 */
export function findEndpoint(
  root: TrieNode,
  segments: readonly string[],
  start: number,
): TrieEndpoint | undefined {
  let node = root;
  for (let index = start; index < segments.length; index++) {
    const segment = segments[index] ?? '';
    const literal = node.literals?.get(segment);
    if (literal !== undefined) {
      node = literal;
    } else {
      if (node.parameter === undefined || segment === '') return undefined;
      node = node.parameter;
    }
  }
  if (node.row === undefined) return undefined;
  node.endpoint ??= newEndpoint(node.row, node.parameterTemplate);
  return node.endpoint;
}

function newEndpoint([template, , meanings = {}]: RouteRow, item: string | undefined): TrieEndpoint {
  const created = item === undefined ? undefined : pathParameters(item).at(-1);
  const parameters = pathParameters(template);
  const positions = template
    .slice(1)
    .split('/')
    .flatMap((segment, index) => (segment.startsWith('{') ? [index] : []));
  return { template, parameters, positions, meanings, created, routes: new Map() };
}

function newNode(): TrieNode {
  return {
    literals: undefined,
    parameter: undefined,
    parameterTemplate: undefined,
    row: undefined,
    endpoint: undefined,
  };
}

/** Finds or creates the node of a template. */
function descend(root: TrieNode, template: string): TrieNode {
  let node = root;
  let path = '';
  for (const segment of template.slice(1).split('/')) {
    path += `/${segment}`;
    if (segment.startsWith('{')) {
      node.parameterTemplate ??= path;
      node.parameter ??= newNode();
      node = node.parameter;
    } else {
      node.literals ??= new Map();
      let next = node.literals.get(segment);
      if (next === undefined) {
        next = newNode();
        node.literals.set(segment, next);
      }
      node = next;
    }
  }
  return node;
}
