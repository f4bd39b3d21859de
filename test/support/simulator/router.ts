import type { Reply } from './reply.ts';

/** A request as a handler sees it: routed, with its parameters taken out of the path. */
export interface Call {
  readonly method: string;
  /** Without base path, deployment and query: `/threads/thread_000001/runs`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Azure's deployment in the path, which represents the model. */
  readonly deployment: string | undefined;
  /** The value of a `{name}` of the route's path. */
  parameter(name: string): string;
}

/** A row of a route table. The first row that matches wins, so literal segments go before parameters. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly answer: (call: Call) => Reply;
}

/** Routes by method and path, such as `GET /models/{model}`. */
export function routeTable(answers: Readonly<Record<string, Route['answer']>>): readonly Route[] {
  return Object.entries(answers).map(([key, answer]) => {
    const [method, path = ''] = key.split(' ');
    return { method: method as Route['method'], path, answer };
  });
}

/** Everything before the API's own path: `/v1` or `/openai` wherever it ends, and Azure's deployment. */
const BASE_PATH = /^(?:.*?\/v1(?=\/)|.*?\/openai(?=\/))?(?:.*?\/deployments\/(?<deployment>[^/]+))?/;

/** Hands a request to the first matching route, or to `otherwise`. */
export function dispatch(
  routes: readonly Route[],
  otherwise: (call: Call) => Reply,
  request: { readonly method: string; readonly path: string; readonly body: unknown },
): Reply {
  const [rawPath = '', rawQuery = ''] = request.path.split('?', 2);
  const base = BASE_PATH.exec(rawPath);
  const path = rawPath.slice(base?.[0].length ?? 0);
  const call = (parameters: Readonly<Record<string, string>>): Call => ({
    method: request.method,
    path,
    query: new URLSearchParams(rawQuery),
    body: request.body,
    deployment: base?.groups?.deployment,
    parameter: (name) => parameters[name] ?? '',
  });
  for (const route of routes) {
    const parameters = route.method === request.method ? matchPath(route.path, path) : undefined;
    if (parameters) return route.answer(call(parameters));
  }
  return otherwise(call({}));
}

function matchPath(template: string, path: string): Record<string, string> | undefined {
  const expected = template.split('/');
  const actual = path.split('/');
  if (expected.length !== actual.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const value = actual[index] ?? '';
    if (segment.startsWith('{')) parameters[segment.slice(1, -1)] = decodeURIComponent(value);
    else if (segment !== value) return undefined;
  }
  return parameters;
}
