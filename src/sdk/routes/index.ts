import * as ATTR from '../../semconv/attributes.ts';
import { type InvocationKind, ROUTE_TABLE, type RouteRow } from './table.ts';

export type { InvocationKind } from './table.ts';

/** A parameter of a path template. */
export interface PathParameter {
  /** The name without braces: `thread_id`. */
  readonly name: string;
  /** The index of its segment in the template. */
  readonly index: number;
  /** The attribute for its value: `openai.thread.id`; `undefined` if it is not recorded. */
  readonly attribute: string | undefined;
  /** The field of the resource with its value: `id`. */
  readonly field: string;
  /** Whether the value is the `gen_ai.conversation.id`, too. */
  readonly isConversation: boolean;
}

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

const NO_VALUES: readonly string[] = [];

/** A node of the tree that all path templates form. */
class TemplateNode {
  literals: Map<string, TemplateNode> | undefined;
  parameter: TemplateNode | undefined;
  row: RouteRow | undefined;
  /** By method, without values, and created lazily: a program uses few of the endpoints. */
  matches: Map<string, RouteMatch> | undefined;

  /** Finds or creates the node of a template below. */
  descend(template: string): TemplateNode {
    let node: TemplateNode = this;
    for (const segment of segmentsOf(template)) {
      if (segment.startsWith('{')) node = node.parameter ??= new TemplateNode();
      else {
        node.literals ??= new Map();
        const next = node.literals.get(segment) ?? new TemplateNode();
        node.literals.set(segment, next);
        node = next;
      }
    }
    return node;
  }
}

function segmentsOf(template: string): string[] {
  return template.slice(1).split('/');
}

interface Routes {
  readonly root: TemplateNode;
  /** The endpoints without parameters, by their path. */
  readonly literalPaths: ReadonlyMap<string, TemplateNode>;
}
let routes: Routes | undefined;

function buildRoutes(): Routes {
  const root = new TemplateNode();
  const literalPaths = new Map<string, TemplateNode>();
  for (const row of ROUTE_TABLE) {
    const [template] = row;
    const node = root.descend(template);
    node.row = row;
    if (!template.includes('{')) literalPaths.set(template, node);
  }
  // Not an endpoint but a prefix of Azure's paths, whose second segment the customer chooses.
  root.descend('/deployments/{deployment}');
  return { root, literalPaths };
}

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
  routes ??= buildRoutes();
  const { root, literalPaths } = routes;
  const known = methodName(method);
  const literal = literalPaths.get(path);
  if (literal?.row !== undefined) return matchAt(literal, literal.row, known);
  const parts = readPath(path);
  return findEndpoint(root, known, parts) ?? unknownRoute(root, known, parts);
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'POST',
  'DELETE',
  'PUT',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'CONNECT',
  'TRACE',
]);
const MAX_METHOD_LENGTH = 'OPTIONS'.length;

function methodName(method: unknown): string {
  const isShort = typeof method === 'string' && method.length <= MAX_METHOD_LENGTH;
  const name = isShort ? method.toUpperCase() : '';
  return METHODS.has(name) ? name : '_OTHER';
}

/** The segments of a request's path, without origin, query, fragment and slashes at the end. */
interface PathSegments {
  readonly segments: readonly string[];
  /** The path was a whole URL, so it may begin with a base path. */
  readonly absolute: boolean;
  /** The path was too long and was cut. */
  readonly truncated: boolean;
}

/** Far more than any endpoint needs; bounds the work for an absurd path. */
const MAX_PATH_LENGTH = 2048;

/** Anything but a string has no segments. */
function readPath(path: unknown): PathSegments {
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

function findEndpoint(
  root: TemplateNode,
  method: string,
  { segments, absolute, truncated }: PathSegments,
): RouteMatch | undefined {
  if (truncated) return undefined;
  for (let start = skipPrefixes(segments, 0); start < segments.length; start++) {
    const node = findNode(root, segments, start);
    if (node?.row !== undefined) {
      const { route } = matchAt(node, node.row, method);
      return { route, values: valuesAt(route.parameters, segments, start) };
    }
    // The base path of a whole URL is unknown: each suffix of it may be an endpoint.
    if (!absolute) return undefined;
  }
  return undefined;
}

/**
 * Finds the node whose template matches the segments from `start` on. A literal takes precedence over a parameter
 * (`/threads/runs` is not a thread), without backtracking, which no template needs.
 */
function findNode(root: TemplateNode, segments: readonly string[], start: number): TemplateNode | undefined {
  let node: TemplateNode | undefined = root;
  for (let index = start; node !== undefined && index < segments.length; index++) {
    const segment: string = segments[index] ?? '';
    node = node.literals?.get(segment) ?? (segment === '' ? undefined : node.parameter);
  }
  return node;
}

/** The match of a method at an endpoint, without the values of one request. */
function matchAt(node: TemplateNode, row: RouteRow, method: string): RouteMatch {
  node.matches ??= new Map();
  const known = node.matches.get(method);
  if (known !== undefined) return known;
  const [template, , folds] = row;
  const route: Route = {
    method,
    template,
    endpoint: `${method} ${template}`,
    family: familyOf(template),
    folds: folds?.[method as keyof typeof folds],
    parameters: readParameters(template),
    created: method === 'POST' ? createdBy(template) : undefined,
  };
  const match: RouteMatch = { route, values: NO_VALUES };
  node.matches.set(method, match);
  return match;
}

/** The parameter that follows a template in another one. */
function createdBy(template: string): PathParameter | undefined {
  const [item] = ROUTE_TABLE.find(([other]) => other.startsWith(`${template}/{`)) ?? [];
  const index = segmentsOf(template).length;
  return item === undefined ? undefined : readParameters(item).find((parameter) => parameter.index === index);
}

/** What older releases of openai send for an id that the program lacks. As ids, different users would share them. */
const MISSING_IDS: readonly string[] = ['undefined', 'null'];

/** The parameters in the path. Each call about something that exists passes here, so no function is made. */
function valuesAt(
  parameters: readonly PathParameter[],
  segments: readonly string[],
  start: number,
): (string | undefined)[] {
  const values: (string | undefined)[] = [];
  for (let index = 0; index < parameters.length; index++) {
    const segment = segments[start + (parameters[index]?.index ?? 0)] ?? '';
    if (MISSING_IDS.includes(segment)) values.push(undefined);
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

function unknownRoute(root: TemplateNode, method: string, parts: PathSegments): RouteMatch {
  const { segments, absolute } = parts;
  const start = absolute ? skipBasePath(root, segments) : skipPrefixes(segments, 0);
  const template = genericTemplate(root, parts, start);
  const endpoint = `${method} ${template}`;
  const route: Route = { method, template, endpoint, family: familyOf(template), parameters: [] };
  return { route, values: NO_VALUES };
}

/** The first segment of a template. */
function familyOf(template: string): string {
  return template.split('/', 2)[1] ?? '';
}

/** Segments before the API's own path, which may begin with slashes. Azure adds `/deployments/{name}`. */
const PATH_PREFIXES: readonly string[] = ['', 'openai', 'v1'];

/** The start of the API's own path in `/v1/…`, `/openai/v1/…`, `/openai/deployments/{name}/…` and the like. */
function skipPrefixes(segments: readonly string[], from: number): number {
  let start = from;
  while (start < segments.length) {
    const segment = segments[start] ?? '';
    if (PATH_PREFIXES.includes(segment)) start++;
    else if (segment === 'deployments' && start + 2 < segments.length) start += 2;
    else break;
  }
  return start;
}

/** The same for a whole URL without a known endpoint: after the version, or else at a known first segment. */
function skipBasePath(root: TemplateNode, segments: readonly string[]): number {
  const version = segments.lastIndexOf('v1');
  const known = version >= 0 ? version : segments.findIndex((segment) => root.literals?.has(segment));
  return skipPrefixes(segments, Math.max(known, 0));
}

const MAX_SEGMENTS = 12;
const MAX_WORD_LENGTH = 32;
/** Lower-case words joined by `_` or `-`. The parts are longer than any English word, shorter than generated secrets. */
const RESOURCE_WORD = /^[a-z]{1,20}(?:[_-][a-z]{1,20})*$/;

/**
 * Builds a low-cardinality template for a path without a row: `/threads/{id}/summary`. A segment becomes `{id}` where an
 * endpoint of the table has a parameter, after a plural, after a word that the table does not have there, and if it does
 * not look like a word: `/user/{id}`. Ids, keys, names and addresses thus stay out of span names.
 */
function genericTemplate(root: TemplateNode, { segments, truncated }: PathSegments, start: number): string {
  const end = Math.min(segments.length, start + MAX_SEGMENTS);
  let node: TemplateNode | undefined = root;
  let template = '';
  let expectsId = false;
  for (let index = start; index < end; index++) {
    const segment = segments[index] ?? '';
    const literal: TemplateNode | undefined = node?.literals?.get(segment);
    const parameter: TemplateNode | undefined = literal === undefined ? node?.parameter : undefined;
    const isWord: boolean = segment.length <= MAX_WORD_LENGTH && RESOURCE_WORD.test(segment);
    const isKept: boolean = literal !== undefined || (parameter === undefined && !expectsId && isWord);
    template += isKept ? `/${segment}` : '/{id}';
    expectsId = isKept && (literal === undefined || segment.endsWith('s'));
    node = literal ?? parameter;
  }
  if (truncated || end < segments.length) template += '/…';
  return template === '' ? '/' : template;
}

/**
 * The parameters that are not recorded as `openai.x.id` for `{x_id}`, with their attribute; `undefined` means never
 * recorded. The key is the name, or the path up to the parameter if the name is ambiguous.
 */
const ATTRIBUTES: Readonly<Record<string, string | undefined>> = {
  agent_id: ATTR.GEN_AI_AGENT_ID,
  conversation_id: ATTR.GEN_AI_CONVERSATION_ID,
  response_id: ATTR.GEN_AI_RESPONSE_ID,
  model: ATTR.GEN_AI_REQUEST_MODEL,
  // Identifies a person.
  user_id: undefined,
  // Ambiguous without a path.
  id: undefined,
  '/evals/{eval_id}/runs/{run_id}': ATTR.OPENAI_EVAL_RUN_ID,
  '/safety/alerts/{id}': ATTR.OPENAI_ALERT_ID,
  '/safety/cases/{id}': ATTR.OPENAI_CASE_ID,
};

/** The fields of resources that have the value of a parameter, unless it is `id`; by the same keys. */
const VALUE_FIELDS: Readonly<Record<string, string | undefined>> = {
  version: 'version',
  '/organization/projects/{project_id}/groups/{group_id}': 'group_id',
};

/** The parameters that identify a conversation, too; by the same keys. */
const CONVERSATION_PARAMETERS: readonly string[] = [
  'thread_id',
  '/agents/sessions/{session_id}',
  '/live/sessions/{session_id}',
];

/** The parameters of a path template, in path order, with the attributes their values are recorded under. */
function readParameters(template: string): readonly PathParameter[] {
  const segments = segmentsOf(template);
  return segments.flatMap((segment, index) => {
    if (!segment.startsWith('{')) return [];
    const name = segment.slice(1, -1);
    const path = `/${segments.slice(0, index + 1).join('/')}`;
    const key = [path, name].find((each) => each in ATTRIBUTES);
    const attribute = key === undefined ? `openai.${name.replace(/_id$/, '')}.id` : ATTRIBUTES[key];
    const field = VALUE_FIELDS[path] ?? VALUE_FIELDS[name] ?? 'id';
    const isConversation = CONVERSATION_PARAMETERS.includes(path) || CONVERSATION_PARAMETERS.includes(name);
    return [{ name, index, attribute, field, isConversation }];
  });
}
