import { describe, expect, it } from 'vitest';
import { matchRoute } from '../../../src/sdk/routes/index.ts';
import { FOLDED_ENDPOINTS, PATHS, type PathTree } from '../../../src/sdk/routes/table.ts';
import extracted from '../../fixtures/openai-routes.json' with { type: 'json' };

/** `GET /threads/{thread_id}`: the method and template found for a request. */
function found(method: string, path: string): string {
  const { route } = matchRoute(method, path);
  return `${route.method} ${route.template}`;
}

/** The paths of a tree that lead no further. */
function endsOf(tree: PathTree, above = ''): string[] {
  return Object.entries(tree).flatMap(([segment, below]) => {
    const path = `${above}/${segment}`;
    return Object.keys(below).length === 0 ? [path] : endsOf(below, path);
  });
}

const TEMPLATES = [...new Set(extracted.map((row) => row.path.replace(/\?.*/, '')))];

/** The recorded ids of a request, by attribute. */
function ids(method: string, path: string): Record<string, string | undefined> {
  const { route, values } = matchRoute(method, path);
  return Object.fromEntries(
    route.parameters.flatMap(({ attribute }, index) => (attribute ? [[attribute, values[index]]] : [])),
  );
}

describe('every endpoint of the openai package', () => {
  it.each(extracted.map((row) => [row.method, row.path]))('%s %s has its own template', (method, path) => {
    const template = path.replace(/\?.*/, '');
    const names = [...template.matchAll(/\{(\w+)\}/g)].map((parameter) => parameter[1]);
    const match = matchRoute(method.toLowerCase(), path.replace(/\{(\w+)\}/g, '$1-0Ab9'));
    expect(match.route.method).toBe(method);
    expect(match.route.template).toBe(template);
    expect(match.route.parameters.map(({ name }) => name)).toEqual(names);
    expect(match.values).toEqual(names.map((name) => `${name}-0Ab9`));
  });

  it('is all that the tree leads to', () => {
    expect(endsOf(PATHS).filter((template) => !TEMPLATES.includes(template))).toEqual([]);
  });
});

describe('the role of a request', () => {
  it('folds exactly the requests that open, drive or observe an invocation', () => {
    const all = extracted.map(({ method, path }) => matchRoute(method, path).route);
    const folded = [
      ...new Set(all.filter(({ folds }) => folds).map(({ folds, endpoint }) => `${folds}: ${endpoint}`)),
    ];
    expect(folded.toSorted()).toEqual([
      'response: GET /responses/{response_id}',
      'response: POST /responses/{response_id}/cancel',
      'run: GET /threads/{thread_id}/runs/{run_id}',
      'run: POST /threads/runs',
      'run: POST /threads/{thread_id}/runs',
      'run: POST /threads/{thread_id}/runs/{run_id}',
      'run: POST /threads/{thread_id}/runs/{run_id}/cancel',
      'run: POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs',
      'turn: GET /agents/sessions/{session_id}',
      'turn: GET /agents/sessions/{session_id}/events',
      'turn: GET /agents/sessions/{session_id}/turns/{turn_id}',
      'turn: POST /agents/sessions',
      'turn: POST /agents/sessions/{session_id}/events',
    ]);
    expect(Object.keys(FOLDED_ENDPOINTS)).toHaveLength(folded.length);
  });
});

describe('ids in the path', () => {
  it.each(['undefined', 'null'])('are missing if an older openai sent `%s` for one', (sent) => {
    const { route, values } = matchRoute('GET', `/threads/${sent}/runs/run_1`);
    expect(route.template).toBe('/threads/{thread_id}/runs/{run_id}');
    expect(values).toEqual([undefined, 'run_1']);
  });

  it.each<[string, Record<string, string>]>([
    [
      '/threads/thread_1/runs/run_1/steps/step_1',
      { 'openai.thread.id': 'thread_1', 'openai.run.id': 'run_1', 'openai.step.id': 'step_1' },
    ],
    [
      '/agents/sessions/s/subagents/a/turns/t/items',
      { 'openai.session.id': 's', 'openai.subagent.id': 'a', 'openai.turn.id': 't' },
    ],
    // On the way to an endpoint, should there be one some day.
    ['/realtime/calls/call_1', { 'openai.call.id': 'call_1' }],
    ['/evals/eval_1/runs/run_1', { 'openai.eval.id': 'eval_1', 'openai.eval_run.id': 'run_1' }],
    ['/safety/alerts/one', { 'openai.alert.id': 'one' }],
    ['/safety/cases/one', { 'openai.case.id': 'one' }],
    // Never that of a person.
    ['/organization/projects/proj_1/users/user_1', { 'openai.project.id': 'proj_1' }],
    // Decoded, if that is possible.
    ['/models/ft%3Agpt-4o%3Aacme', { 'gen_ai.request.model': 'ft:gpt-4o:acme' }],
    ['/models/meta%2Fllama', { 'gen_ai.request.model': 'meta/llama' }],
    ['/models/100%', { 'gen_ai.request.model': '100%' }],
    ['/models/%E0%A4%A', { 'gen_ai.request.model': '%E0%A4%A' }],
    ['/threads/__proto__', { 'openai.thread.id': '__proto__' }],
  ])('are recorded under the name of the object they identify: %s', (path, expected) => {
    expect(ids('GET', path)).toEqual(expected);
  });

  const named: Record<string, string | undefined> = {
    agent_id: 'gen_ai.agent.id',
    conversation_id: 'gen_ai.conversation.id',
    response_id: 'gen_ai.response.id',
    model: 'gen_ai.request.model',
    version: 'openai.version.id',
    fine_tuned_model_checkpoint: 'openai.fine_tuned_model_checkpoint.id',
    user_id: undefined,
  };
  const ambiguous = ['/evals/{eval_id}/runs/{run_id}', '/safety/alerts/{id}', '/safety/cases/{id}'];
  const byRule = TEMPLATES.filter((template) => !ambiguous.some((path) => template.startsWith(path)));
  it.each(byRule)('are named by a rule, or not recorded: %s', (template) => {
    for (const { name, attribute } of matchRoute('GET', template).route.parameters) {
      expect(attribute).toBe(name in named ? named[name] : `openai.${name.replace(/_id$/, '')}.id`);
    }
  });
});

describe('text around the path', () => {
  it.each([
    '/threads/thread_1/runs',
    'threads/thread_1/runs',
    '/threads/thread_1/runs/',
    '//threads/thread_1/runs//',
    '/threads/thread_1/runs?limit=20&after=run_1',
    '/threads/thread_1/runs#top',
    '/threads/thread_1/runs?next=https://host/models#x?y',
    '/v1/threads/thread_1/runs',
    '/openai/threads/thread_1/runs',
    '/openai/v1/threads/thread_1/runs',
    '/deployments/my-model/threads/thread_1/runs',
    '/openai/deployments/my-model/threads/thread_1/runs?api-version=2024-05-01-preview',
    'https://api.openai.com/v1/threads/thread_1/runs',
    'https://user:secret@host:8080/threads/thread_1/runs?key=secret',
    'https://name.openai.azure.com/openai/deployments/my-model/threads/thread_1/runs',
    'https://name.services.ai.azure.com/api/projects/project/openai/v1/threads/thread_1/runs',
    'https://gateway.example/v1/0a1b/gateway/openai/threads/thread_1/runs',
    'http://localhost:1234/projects/mine/v1/threads/thread_1/runs',
  ])('is ignored: %s', (path) => {
    const match = matchRoute('get', path);
    expect(match.route.template).toBe('/threads/{thread_id}/runs');
    expect(match.values).toEqual(['thread_1']);
  });

  it('in the name of a deployment does not hide the deployment', () => {
    expect(found('post', '/deployments/chat/chat/completions')).toBe('POST /chat/completions');
  });
});

describe('an unknown request', () => {
  it.each([
    ['POST', '/audio/enhance', 'POST /audio/enhance'],
    ['POST', '/brand/new-endpoint', 'POST /brand/{id}'],
    ['POST', '/v1/rerank', 'POST /rerank'],
    ['POST', '/custom/responses', 'POST /custom/{id}'],
    ['GET', '/things/a-name-of-many-words-is-not-a-word', 'GET /things/{id}'],
    ['GET', '/threads/thread_1/summary', 'GET /threads/{id}/summary'],
    ['GET', '/threads/john/summary', 'GET /threads/{id}/summary'],
    ['GET', '/threads//messages', 'GET /threads/{id}/messages'],
    ['GET', '/models/meta-llama/Llama-3', 'GET /models/{id}/{id}'],
    ['GET', '/things/thing_0123/parts/john@example.com', 'GET /things/{id}/parts/{id}'],
    ['GET', '/things/john%40example.com', 'GET /things/{id}'],
    ['GET', '/users/john', 'GET /users/{id}'],
    ['GET', '/user/john', 'GET /user/{id}'],
    ['GET', '/team/john/budget/jane', 'GET /team/{id}/budget/{id}'],
    ['GET', '/vector_stores/vs_1/summary/john', 'GET /vector_stores/{id}/summary/{id}'],
    ['GET', '/embeddings/john', 'GET /embeddings/{id}'],
    ['GET', 'https://host/patients/john/history', 'GET /patients/{id}/history'],
    ['GET', '/things/sk-proj-abcdefghijklmnopqrstuvw', 'GET /things/{id}'],
    ['GET', '/things/Secret/3f0a/-/_x/é/.', 'GET /things/{id}/{id}/{id}/{id}/{id}/{id}'],
    ['GET', '/deployments/gpt-four', 'GET /deployments/{id}'],
    ['GET', 'https://api.example.com/customers/acme/v1/brand/new?key=secret', 'GET /brand/{id}'],
    ['GET', 'https://name.openai.azure.com/openai/deployments/gpt-four/brand', 'GET /brand'],
    ['GET', 'https://user:secret@host', 'GET /'],
    ['GET', 'brand?next=https://host/threads', 'GET /brand'],
    ['GET', '', 'GET /'],
    ['GET', '/', 'GET /'],
    ['GET', '/a/b/c/d/e/f/g/h/i/j/k/l', 'GET /a/{id}/c/{id}/e/{id}/g/{id}/i/{id}/k/{id}'],
    ['GET', '/a/b/c/d/e/f/g/h/i/j/k/l/m/n', 'GET /a/{id}/c/{id}/e/{id}/g/{id}/i/{id}/k/{id}/…'],
  ])('%s %s is %s', (method, path, expected) => {
    expect(found(method, path)).toBe(expected);
  });

  it('has no ids', () => {
    expect(matchRoute('GET', '/threads/thread_1/summary')).toMatchObject({
      route: { family: 'threads', parameters: [] },
      values: [],
    });
  });

  it('with a new method keeps template and ids', () => {
    const { route, values } = matchRoute('patch', '/threads/thread_1/runs/run_1');
    expect(route).toMatchObject({
      method: 'PATCH',
      template: '/threads/{thread_id}/runs/{run_id}',
    });
    expect(route.folds).toBeUndefined();
    expect(values).toEqual(['thread_1', 'run_1']);
  });

  it.each([
    ['post', 'POST'],
    ['Post', 'POST'],
    ['QUERY', '_OTHER'],
    ['x'.repeat(100_000), '_OTHER'],
    ['', '_OTHER'],
    ['constructor', '_OTHER'],
  ])('has a standard HTTP method or none', (method, expected) => {
    expect(matchRoute(method, '/chat/completions').route.method).toBe(expected);
  });
});

describe('hostile input', () => {
  it.each([undefined, null, 1, {}, [], Symbol('path'), () => '/threads'])(
    'that is not a string: %s',
    (anything) => {
      const { route } = matchRoute(anything as string, anything as string);
      expect(route).toMatchObject({ method: '_OTHER', template: '/' });
    },
  );

  it.each([
    ['/'.repeat(1_000_000), '/…'],
    ['/threads'.repeat(100_000), `${'/threads/{id}'.repeat(6)}/…`],
    [`/threads/${'x'.repeat(1_000_000)}`, '/threads/…'],
    [`/threads/thread_1/runs?${'x'.repeat(1_000_000)}`, '/threads/{thread_id}/runs'],
    [`https://${'x'.repeat(1_000_000)}`, '/…'],
    [`https://host/${'threads/'.repeat(100_000)}`, `${'/threads/{id}'.repeat(6)}/…`],
    ['\u0000/\ud800/%', '/{id}/{id}/{id}'],
    ['/__proto__/constructor', '/{id}/constructor'],
    ['/threads/../../etc/passwd', '/threads/{id}/{id}/etc/{id}'],
    ['https:\\\\user:secret@host\\threads', '/{id}'],
  ])('that is very long or strange', (path, template) => {
    expect(matchRoute('GET', path).route.template).toBe(template);
  });

  it('never puts an id into a template', () => {
    const id = 'thread_Ab12';
    for (const template of TEMPLATES) {
      const path = template.replace(/\{\w+\}/g, id);
      for (const variant of [
        path,
        `/base${path}`,
        `${path}/${id}`,
        `${path}/new/${id}/part`,
        `/${id}${path}`,
      ]) {
        expect(matchRoute('POST', variant).route.template).not.toContain(id);
        expect(matchRoute('POST', `https://host/base${variant}`).route.template).not.toContain(id);
      }
    }
  });
});
