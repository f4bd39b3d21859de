import * as ATTR from '../../semconv/attributes.ts';
import { row } from '../../util/payload.ts';
import { FOLDED_ENDPOINTS, type InvocationKind, PATHS, type PathTree } from './table.ts';

export type { InvocationKind } from './table.ts';

export interface PathParameter {
  readonly name: string;
  readonly index: number;
  /** The attribute for its value, such as `openai.thread.id`; `undefined` if it is not recorded. */
  readonly attribute: string | undefined;
  /** The field of the resource that has the same value: `id`. */
  readonly field: string;
  /** Whether the value is the `gen_ai.conversation.id`, too. */
  readonly isConversation: boolean;
}

export interface Route {
  /** In upper case: `POST`. `_OTHER` for methods that HTTP does not define. */
  readonly method: string;
  /** The path template, of low cardinality: `/threads/{thread_id}/runs`. */
  readonly template: string;
  /** Method and template: `POST /threads/{thread_id}/runs`. */
  readonly endpoint: string;
  /** The first segment of the template: `threads`. */
  readonly family: string;
  /** Set if the request starts, drives or retrieves an invocation, into whose span it may be folded. */
  readonly folds?: InvocationKind | undefined;
  readonly parameters: readonly PathParameter[];
  /** The parameter that identifies the resource that a POST to a collection creates: `file_id` for `/files`. */
  readonly created?: PathParameter | undefined;
}

export interface RouteMatch {
  readonly route: Route;
  /** Percent-decoded, in the order of `route.parameters`. */
  readonly values: readonly (string | undefined)[];
}

// In Azure's paths, the segment after `deployments` is a name that the customer has chosen.
const ROOT: PathTree = { ...PATHS, deployments: { '{id}': {} } };
/** The routes of the tree that requests have reached, by endpoint. */
const routes = new Map<string, Route>();

/**
 * A path outside the tree gets a generic template without parameters. Never throws.
 *
 * @param method in upper or lower case: `post`
 * @param path as in the SDK's request options: `/threads/thread_1/runs?limit=2`, or a whole URL
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const known = methodName(method);
  // Most paths equal their template. This saves taking them apart.
  const literal = typeof path === 'string' ? routes.get(`${known} ${path}`) : undefined;
  if (literal?.parameters.length === 0) return { route: literal, values: [] };
  const parts = readPath(path);
  const start = startOfPath(parts);
  const found = findInTree(parts, start);
  if (found === undefined) return { route: newRoute(known, genericTemplate(parts, start)), values: [] };
  const route = routes.get(`${known} ${found.template}`) ?? treeRoute(known, found);
  routes.set(route.endpoint, route);
  return { route, values: route.parameters.map(({ index }) => idAt(parts.segments[start + index] ?? '')) };
}

/** The key of the child that a segment leads to. A literal takes precedence: `/threads/runs` is not a thread. */
function keyBelow(tree: PathTree, segment: string): string | undefined {
  return Object.hasOwn(tree, segment) ? segment : parameterBelow(tree);
}

function parameterBelow(tree: PathTree): string | undefined {
  return Object.keys(tree).find(isParameter);
}

function isParameter(key: string): boolean {
  return key.startsWith('{');
}

const METHOD = /^(?:GET|POST|DELETE|PUT|PATCH|HEAD|OPTIONS|CONNECT|TRACE)$/i;

function methodName(method: unknown): string {
  return typeof method === 'string' && METHOD.test(method) ? method.toUpperCase() : '_OTHER';
}

interface PathSegments {
  /** The origin, the query, the fragment and trailing slashes are left out. */
  readonly segments: readonly string[];
  /** Whether the path was a whole URL, which may begin with a base path. */
  readonly absolute: boolean;
  readonly truncated: boolean;
}

/** How much of a path is read. All endpoints have far shorter paths. */
const MAX_PATH_LENGTH = 2048;

function readPath(path: unknown): PathSegments {
  if (typeof path !== 'string') return { segments: [], absolute: false, truncated: false };
  const text = path.slice(0, MAX_PATH_LENGTH);
  const query = text.search(/[?#]/);
  const withoutQuery = query < 0 ? text : text.slice(0, query);
  const origin = text.startsWith('/') ? '' : (/^[^/]+:\/\/[^/]*/.exec(withoutQuery)?.[0] ?? '');
  const segments = withoutQuery.slice(origin.length).split('/');
  const truncated = query < 0 && path.length > MAX_PATH_LENGTH;
  // The last segment may be incomplete.
  if (truncated) segments.pop();
  while (segments.at(-1) === '') segments.pop();
  return { segments, absolute: origin !== '', truncated };
}

interface PathMatch {
  /** `/threads/{thread_id}`. */
  readonly template: string;
  readonly below: PathTree;
}

/** Finds a path in the tree. No template needs backtracking. */
function findInTree({ segments, truncated }: PathSegments, start: number): PathMatch | undefined {
  if (truncated || start >= segments.length) return undefined;
  let below: PathTree | undefined = ROOT;
  let template = '';
  for (let index = start; index < segments.length; index++) {
    const segment = segments[index] ?? '';
    const key: string | undefined = segment === '' ? undefined : keyBelow(below, segment);
    below = key === undefined ? undefined : below[key];
    if (below === undefined) return undefined;
    template += `/${key}`;
  }
  return { template, below };
}

function newRoute(method: string, template: string): Route {
  const family = template.split('/', 2)[1] ?? '';
  return { method, template, endpoint: `${method} ${template}`, family, parameters: [] };
}

function treeRoute(method: string, { template, below }: PathMatch): Route {
  const route = newRoute(method, template);
  // The parameter that directly follows the path.
  const item = method === 'POST' ? parameterBelow(below) : undefined;
  return {
    ...route,
    folds: row(FOLDED_ENDPOINTS, route.endpoint),
    parameters: readParameters(template),
    created: item === undefined ? undefined : readParameters(`${template}/${item}`).at(-1),
  };
}

/** What older releases of openai send for a missing id. Recorded as an id, it would link different users' calls. */
const MISSING_IDS: readonly string[] = ['undefined', 'null'];

function idAt(segment: string): string | undefined {
  if (MISSING_IDS.includes(segment)) return undefined;
  try {
    return segment.includes('%') ? decodeURIComponent(segment) : segment;
  } catch {
    return segment;
  }
}

/** Segments that may come before the API's own path. The empty one comes from a leading slash. */
const PATH_PREFIXES: readonly string[] = ['', 'openai', 'v1'];

/**
 * The start of the API's own path in `/v1/…`, `/openai/v1/…`, `/openai/deployments/{name}/…` and the like. The base path
 * of a whole URL is unknown, but mostly ends in `v1` or `openai`.
 */
function startOfPath({ segments, absolute }: PathSegments): number {
  let start = absolute ? Math.max(segments.lastIndexOf('v1'), segments.lastIndexOf('openai'), 0) : 0;
  while (start < segments.length) {
    const segment = segments[start] ?? '';
    if (PATH_PREFIXES.includes(segment)) start++;
    else if (segment === 'deployments' && start + 2 < segments.length) start += 2;
    else break;
  }
  return start;
}

const MAX_SEGMENTS = 12;
const MAX_WORD_LENGTH = 32;
/** Lower-case words joined by `_` or `-`, shorter than generated secrets. */
const RESOURCE_WORD = /^[a-z]{1,20}(?:[_-][a-z]{1,20})*$/;

/**
 * Builds a low-cardinality template for an unknown path: `/threads/{id}/summary`. Segments in the tree stay.
 * Any other becomes `{id}` where the tree has a parameter, after a plural or an unknown word, and if it does
 * not look like a word. Ids, keys, names and addresses thus stay out of span names.
 */
function genericTemplate({ segments, truncated }: PathSegments, start: number): string {
  const end = Math.min(segments.length, start + MAX_SEGMENTS);
  let tree: PathTree = ROOT;
  let template = '';
  let expectsId = false;
  for (let index = start; index < end; index++) {
    const segment = segments[index] ?? '';
    const key = keyBelow(tree, segment);
    const isLiteral = key !== undefined && !isParameter(key);
    const isWord = segment.length <= MAX_WORD_LENGTH && RESOURCE_WORD.test(segment);
    const isKept: boolean = isLiteral || (key === undefined && !expectsId && isWord);
    template += isKept ? `/${segment}` : '/{id}';
    expectsId = isKept && (!isLiteral || segment.endsWith('s'));
    tree = (key === undefined ? undefined : tree[key]) ?? {};
  }
  if (truncated || end < segments.length) template += '/…';
  return template === '' ? '/' : template;
}

/**
 * The parameters that differ from the default, which records `{x_id}` as `openai.x.id`. Their keys are names
 * or, if the name is ambiguous, the path up to the parameter.
 */
const PATH_PARAMETERS: Readonly<Record<string, Partial<PathParameter>>> = {
  thread_id: { isConversation: true },
  '/agents/sessions/{session_id}': { isConversation: true },
  '/live/sessions/{session_id}': { isConversation: true },
  agent_id: { attribute: ATTR.GEN_AI_AGENT_ID },
  conversation_id: { attribute: ATTR.GEN_AI_CONVERSATION_ID },
  response_id: { attribute: ATTR.GEN_AI_RESPONSE_ID },
  model: { attribute: ATTR.GEN_AI_REQUEST_MODEL },
  version: { field: 'version' },
  '/organization/projects/{project_id}/groups/{group_id}': { field: 'group_id' },
  // Not recorded, because it identifies a person.
  user_id: { attribute: undefined },
  // Not recorded, because the name is ambiguous. Some paths below are recorded.
  id: { attribute: undefined },
  '/evals/{eval_id}/runs/{run_id}': { attribute: ATTR.OPENAI_EVAL_RUN_ID },
  '/safety/alerts/{id}': { attribute: ATTR.OPENAI_ALERT_ID },
  '/safety/cases/{id}': { attribute: ATTR.OPENAI_CASE_ID },
};

function readParameters(template: string): readonly PathParameter[] {
  const segments = template.slice(1).split('/');
  return segments.flatMap((segment, index) => {
    if (!isParameter(segment)) return [];
    const name = segment.slice(1, -1);
    const path = `/${segments.slice(0, index + 1).join('/')}`;
    return [
      {
        name,
        index,
        attribute: `openai.${name.replace(/_id$/, '')}.id`,
        field: 'id',
        isConversation: false,
        ...row(PATH_PARAMETERS, name),
        ...row(PATH_PARAMETERS, path),
      },
    ];
  });
}
