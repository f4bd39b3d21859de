import { type PathParameter, pathParameters } from './parameters.ts';
import { type InvocationKind, ROUTE_TABLE, type RouteRow } from './table.ts';

export type { PathParameter } from './parameters.ts';
export type { InvocationKind } from './table.ts';

/** One method of one row. */
export interface Route {
  /** In upper case: `POST`; `_OTHER` for methods that HTTP does not define. */
  readonly method: string;
  /** The low-cardinality path template: `/threads/{thread_id}/runs`. */
  readonly template: string;
  /** Method and template: `POST /threads/{thread_id}/runs`. */
  readonly endpoint: string;
  /** The first segment of the template: `threads`. */
  readonly family: string;
  /**
   * Set if the request starts, drives or retrieves an invocation. If that invocation has a span here, the request is
   * folded into it.
   */
  readonly folds?: InvocationKind | undefined;
  /** In path order. */
  readonly parameters: readonly PathParameter[];
  /** What identifies the resource that a POST to a collection creates: `file_id` for `/files`. */
  readonly created?: PathParameter | undefined;
}

/** An endpoint and the parameter values of one request to it. */
export interface RouteMatch {
  readonly route: Route;
  /** Percent-decoded, in the order of `route.parameters`. */
  readonly values: readonly (string | undefined)[];
}

/** A node of the tree that all path templates form. */
interface TemplateNode {
  literals: Map<string, TemplateNode> | undefined;
  parameter: TemplateNode | undefined;
  /** The template up to and with the parameter. */
  parameterTemplate: string | undefined;
  row: RouteRow | undefined;
  /** By method, created lazily: a program uses few of the endpoints. */
  routes: Map<string, RouteMatch> | undefined;
}

/** The segments of a request's path, without origin, query, fragment and slashes at the end. */
interface PathSegments {
  readonly segments: readonly string[];
  /** The path was a whole URL, so it may begin with a base path. */
  readonly absolute: boolean;
  /** The path was too long and was cut. */
  readonly truncated: boolean;
}

const NO_VALUES: readonly string[] = [];

/** The HTTP methods in upper and lower case. */
const METHODS: ReadonlyMap<string, string> = new Map(
  ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE'].flatMap((method) => [
    [method, method],
    [method.toLowerCase(), method],
  ]),
);
const MAX_METHOD_LENGTH = 'OPTIONS'.length;

/** Segments before the API's own path, which may begin with slashes. Azure adds `/deployments/{name}`. */
const PATH_PREFIXES: ReadonlySet<string> = new Set(['', 'openai', 'v1']);

/** What older releases of openai send for an id that the program lacks. As ids, different users would share them. */
const MISSING_IDS: ReadonlySet<string> = new Set(['undefined', 'null']);

/** Far more than any endpoint needs; bounds the work for an absurd path. */
const MAX_PATH_LENGTH = 2048;
const MAX_SEGMENTS = 12;
const MAX_WORD_LENGTH = 32;
/** Lower-case words joined by `_` or `-`. The parts are longer than any English word, shorter than generated secrets. */
const RESOURCE_WORD = /^[a-z]{1,20}(?:[_-][a-z]{1,20})*$/;

let root: TemplateNode | undefined;
/** The endpoints without parameters, by their path. */
const literalPaths = new Map<string, TemplateNode>();

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
  root ??= buildTree();
  const known = methodName(method);
  const literal = literalPaths.get(path);
  if (literal?.row !== undefined) return routeAt(literal, literal.row, known);
  const parts = pathSegments(path);
  return matchEndpoint(root, known, parts) ?? unknownRoute(root, known, parts);
}

function buildTree(): TemplateNode {
  const tree = newNode();
  for (const row of ROUTE_TABLE) {
    const [template] = row;
    const node = descend(tree, template);
    node.row = row;
    if (!template.includes('{')) literalPaths.set(template, node);
  }
  // Not an endpoint but a prefix of Azure's paths, whose second segment the customer chooses.
  descend(tree, '/deployments/{deployment}');
  return tree;
}

/** Finds or creates the node of a template. */
function descend(tree: TemplateNode, template: string): TemplateNode {
  let node = tree;
  let path = '';
  for (const segment of template.slice(1).split('/')) {
    path += `/${segment}`;
    if (segment.startsWith('{')) {
      node.parameterTemplate ??= path;
      node.parameter ??= newNode();
      node = node.parameter;
    } else {
      node.literals ??= new Map();
      const next = node.literals.get(segment) ?? newNode();
      node.literals.set(segment, next);
      node = next;
    }
  }
  return node;
}

function newNode(): TemplateNode {
  return {
    literals: undefined,
    parameter: undefined,
    parameterTemplate: undefined,
    row: undefined,
    routes: undefined,
  };
}

function methodName(method: unknown): string {
  if (typeof method !== 'string') return '_OTHER';
  const known = METHODS.get(method);
  if (known !== undefined) return known;
  return (method.length <= MAX_METHOD_LENGTH ? METHODS.get(method.toUpperCase()) : undefined) ?? '_OTHER';
}

/** Splits a path or URL. Anything but a string has no segments. */
function pathSegments(path: unknown): PathSegments {
  if (typeof path !== 'string') return { segments: [], absolute: false, truncated: false };
  const text = path.slice(0, MAX_PATH_LENGTH);
  const query = text.search(/[?#]/);
  const withoutQuery = query < 0 ? text : text.slice(0, query);
  const origin = text.startsWith('/') ? '' : (/^[^/]+:\/\/[^/]*/.exec(withoutQuery)?.[0] ?? '');
  const segments = withoutQuery.slice(origin.length).split('/');
  const truncated = query < 0 && path.length > MAX_PATH_LENGTH;
  // The last segment was cut in two.
  if (truncated) segments.pop();
  while (segments.at(-1) === '') segments.pop();
  return { segments, absolute: origin !== '', truncated };
}

function matchEndpoint(
  tree: TemplateNode,
  method: string,
  { segments, absolute, truncated }: PathSegments,
): RouteMatch | undefined {
  if (truncated) return undefined;
  let start = skipPrefixes(segments, 0);
  while (start < segments.length) {
    const node = findNode(tree, segments, start);
    if (node?.row !== undefined) {
      const { route } = routeAt(node, node.row, method);
      return { route, values: valuesAt(route.parameters, segments, start) };
    }
    // The base path of a whole URL is unknown: try each suffix until one is an endpoint.
    if (!absolute) return undefined;
    start++;
    while (start < segments.length && !tree.literals?.has(segments[start] ?? '')) start++;
  }
  return undefined;
}

/**
 * Finds the node whose template matches the segments from `start` on. A literal takes precedence over a parameter
 * (`/threads/runs` is not a thread), without backtracking, which no template needs.
 */
function findNode(tree: TemplateNode, segments: readonly string[], start: number): TemplateNode | undefined {
  let node: TemplateNode | undefined = tree;
  for (let index = start; node !== undefined && index < segments.length; index++) {
    const segment: string = segments[index] ?? '';
    node = node.literals?.get(segment) ?? (segment === '' ? undefined : node.parameter);
  }
  return node;
}

/** The route of a method at an endpoint. */
function routeAt(node: TemplateNode, row: RouteRow, method: string): RouteMatch {
  node.routes ??= new Map();
  const known = node.routes.get(method);
  if (known !== undefined) return known;
  const [template, , folds] = row;
  const isCreating = method === 'POST' && node.parameterTemplate !== undefined;
  const route: Route = {
    method,
    template,
    endpoint: `${method} ${template}`,
    family: familyOf(template),
    folds: folds?.[method as keyof typeof folds],
    parameters: pathParameters(template),
    created: isCreating ? pathParameters(node.parameterTemplate ?? '').at(-1) : undefined,
  };
  const match: RouteMatch = { route, values: NO_VALUES };
  node.routes.set(method, match);
  return match;
}

/** The parameters in the path. Each call about something that exists passes here, so no function is made. */
function valuesAt(
  parameters: readonly PathParameter[],
  segments: readonly string[],
  start: number,
): (string | undefined)[] {
  const values: (string | undefined)[] = [];
  for (let index = 0; index < parameters.length; index++) {
    const segment = segments[start + (parameters[index]?.index ?? 0)] ?? '';
    if (MISSING_IDS.has(segment)) values.push(undefined);
    else values.push(segment.includes('%') ? decodeSegment(segment) : segment);
  }
  return values;
}

function decodeSegment(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function unknownRoute(tree: TemplateNode, method: string, parts: PathSegments): RouteMatch {
  const { segments, absolute } = parts;
  const start = absolute ? skipBasePath(tree, segments) : skipPrefixes(segments, 0);
  const template = genericTemplate(tree, parts, start);
  const endpoint = `${method} ${template}`;
  const route: Route = { method, template, endpoint, family: familyOf(template), parameters: [] };
  return { route, values: NO_VALUES };
}

/** The first segment of a template. */
function familyOf(template: string): string {
  return template.split('/', 2)[1] ?? '';
}

/** The start of the API's own path in `/v1/…`, `/openai/v1/…`, `/openai/deployments/{name}/…` and the like. */
function skipPrefixes(segments: readonly string[], from: number): number {
  let start = from;
  while (start < segments.length) {
    const segment = segments[start] ?? '';
    if (PATH_PREFIXES.has(segment)) start++;
    else if (segment === 'deployments' && start + 2 < segments.length) start += 2;
    else break;
  }
  return start;
}

/** The same for a whole URL without a known endpoint: after the version, or else at a known first segment. */
function skipBasePath(tree: TemplateNode, segments: readonly string[]): number {
  const version = segments.lastIndexOf('v1');
  const known = version >= 0 ? version : segments.findIndex((segment) => tree.literals?.has(segment));
  return skipPrefixes(segments, Math.max(known, 0));
}

/**
 * Builds a low-cardinality template for a path without a row: `/threads/{id}/summary`. A segment becomes `{id}` where an
 * endpoint of the table has a parameter, after a plural, after a word that the table does not have there, and if it does
 * not look like a word: `/user/{id}`. Ids, keys, names and addresses thus stay out of span names.
 */
function genericTemplate(tree: TemplateNode, { segments, truncated }: PathSegments, start: number): string {
  const end = Math.min(segments.length, start + MAX_SEGMENTS);
  let node: TemplateNode | undefined = tree;
  let template = '';
  let expectsId = false;
  for (let index = start; index < end; index++) {
    const segment = segments[index] ?? '';
    const literal: TemplateNode | undefined = node?.literals?.get(segment);
    const parameter: TemplateNode | undefined = literal === undefined ? node?.parameter : undefined;
    const named: boolean = parameter !== undefined || expectsId;
    const keep: boolean = literal !== undefined || (!named && looksLikeWord(segment));
    template += keep ? `/${segment}` : '/{id}';
    expectsId = keep && (literal === undefined || segment.endsWith('s'));
    node = literal ?? parameter;
  }
  if (truncated || end < segments.length) template += '/…';
  return template === '' ? '/' : template;
}

/** Whether a segment may be the name of a resource or action. */
function looksLikeWord(segment: string): boolean {
  return segment.length <= MAX_WORD_LENGTH && RESOURCE_WORD.test(segment);
}
