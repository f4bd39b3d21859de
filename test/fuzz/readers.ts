import type { Dialect, RequestedCall, ToolResult } from '../../src/hierarchy/dialect.ts';
import * as agentObjects from '../../src/hierarchy/dialects/agents.ts';
import * as runObjects from '../../src/hierarchy/dialects/assistants.ts';
import { completions } from '../../src/hierarchy/dialects/completions.ts';
import { responses } from '../../src/hierarchy/dialects/responses.ts';
import { readHostedSpans } from '../../src/hierarchy/hosted-turns/read-document.ts';
import { readAgentContent } from '../../src/operations/create-agent.ts';
import { type ApiRequest, operationOf } from '../../src/operations/index.ts';
import { readItemParts } from '../../src/operations/response/content.ts';
import { countNewMessages } from '../../src/operations/response/items.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';
import { plainError } from '../../src/telemetry/content/plain-data.ts';
import { readUsage } from '../../src/telemetry/cost/usage.ts';
import { readReported, readThrown } from '../../src/telemetry/outcomes/failure.ts';
import { spanNameOf } from '../../src/telemetry/record.ts';
import { asText } from '../../src/util/payload.ts';
import { textWithoutUrlSecrets, urlWithoutSecrets } from '../../src/util/url-secrets.ts';
import { type RecordingSink, recordFacts } from '../support/recording-sink.ts';

/** A function that reads what the SDK hands over, whatever that is. */
export interface Reader {
  readonly name: string;
  read(value: unknown): unknown;
}

const CONTENT = { content: true };

function documentOf(span: unknown): object {
  const ids = {
    traceId: 'a',
    spanId: 'b',
    startTimeUnixNano: Date.now() * 1e6,
    endTimeUnixNano: Date.now() * 1e6,
  };
  const attributes = [{ key: 'a', value: span }];
  return {
    resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, status: span, links: [span], attributes }] }] }],
  };
}

/** The requests whose operations are read, one for each operation. */
const REQUESTS = [
  'POST /chat/completions',
  'POST /completions',
  'POST /responses',
  'POST /responses/compact',
  'GET /responses/{id}',
  'POST /embeddings',
  'POST /vector_stores/{id}/search',
  'POST /images/generations',
  'POST /audio/transcriptions',
  'POST /audio/speech',
  'POST /moderations',
  'POST /decisions',
  'POST /assistants',
  'POST /agents',
  'POST /files',
] as const;

/** Requests that say what is wanted of an agent. */
const RUN_REQUESTS = [
  'POST /threads',
  'POST /threads/runs',
  'POST /threads/{id}/runs',
  'POST /threads/{id}/runs/{id}/submit_tool_outputs',
] as const;
const TURN_REQUESTS = ['POST /agents/sessions', 'POST /agents/sessions/{id}/events'] as const;

export const READERS: readonly Reader[] = [
  ...REQUESTS.flatMap(operationReaders),
  ...[runObjects.assistants, agentObjects.agents].flatMap(dialectReaders),
  ...RUN_REQUESTS.map((line) => intentReader(runObjects.assistants, line)),
  ...TURN_REQUESTS.map((line) => intentReader(agentObjects.agents, line)),
  // Parts of objects, which few objects have.
  { name: "a run's tool call", read: (value) => runObjects.readStepToolCalls([value], true) },
  { name: 'a message of a thread, or its request', read: runObjects.readThreadMessageContent },
  { name: 'the content of an agent', read: readAgentContent },
  { name: 'parameters of an agent', read: agentObjects.readAgentParameters },
  { name: 'required actions', read: (value) => agentObjects.readRequiredActions(value, CONTENT) },
  { name: 'an item of a turn', read: (value) => agentObjects.readItemCall(value, CONTENT) },
  { name: "a turn's message or reasoning", read: (value) => readItemParts(value) },
  { name: "OpenAI's own trace of a turn", read: (value) => readHostedSpans(value, Date.now(), new Map()) },
  { name: 'a span of it', read: (value) => readHostedSpans(documentOf(value), Date.now(), new Map()) },
  { name: 'an error of a turn', read: (value) => readReported(value, 'failed') },
  {
    name: 'items of a response',
    read: (value) => responses.calls(value, CONTENT).map(readCall),
  },
  { name: 'results of items', read: (value) => [...responses.results(value)].map(readResult) },
  { name: 'user messages of a response', read: (value) => countNewMessages(responses.input(value)) },
  { name: 'vector stores of a response', read: (value) => responses.vectorStoreIds?.(value) },
  {
    name: 'tool calls of a history',
    read: (value) => completions.calls(value, CONTENT).map(readCall),
  },
  {
    name: 'tool messages of a history',
    read: (value) => [...completions.results(value)].map(readResult),
  },
  { name: 'user messages of a history', read: (value) => countNewMessages(completions.input(value)) },
  { name: 'usage', read: readUsage },
  { name: 'an error', read: readThrown },
  { name: 'an error in an object', read: plainError },
  { name: 'a URL', read: (value) => urlWithoutSecrets(asText(value) ?? '') },
  { name: 'URLs in a text', read: (value) => textWithoutUrlSecrets(asText(value) ?? '') },
];

function readCall(call: RequestedCall): unknown {
  return [call, call.fingerprint()];
}

function readResult({ id, repeated, output }: ToolResult): unknown {
  return [id, repeated(), output()];
}

/** Whatever an API says, it is read without a throw. */
function dialectReaders(dialect: Dialect): Reader[] {
  const facts = (read: (sink: RecordingSink) => void): unknown => {
    const sink = recordFacts();
    read(sink);
    return sink.facts;
  };
  const { kind } = dialect;
  return [
    {
      name: `an object of a ${kind}`,
      read: (value) => facts((sink) => dialect.read(value, sink, value)),
    },
    { name: `an event of a ${kind}`, read: (value) => facts((sink) => dialect.readEvent(value, sink)) },
    { name: `the conversation of a ${kind}`, read: dialect.conversationOf },
  ];
}

function intentReader(dialect: Dialect, line: string): Reader {
  const request = requestOf(line);
  return {
    name: `what ${line} wants`,
    read: (body) => [dialect.intent(request(body), true), dialect.requested(request(body), true)],
  };
}

function requestOf(line: string): (body: unknown) => ApiRequest {
  const [method = '', path = ''] = line.split(' ');
  const { route, values } = matchRoute(method, path);
  return (body) => ({ method, route, values, body, streamed: false, deployment: undefined });
}

function operationReaders(line: string): Reader[] {
  const request = requestOf(line);
  const { route } = request(undefined);
  const operation = operationOf(route);
  const { content = {} } = operation;
  return [
    {
      name: `the request of ${line}`,
      read: (body) => [
        spanNameOf(operation, request(body), operation.requestAttributes(request(body))),
        operation.parameterAttributes?.(request(body)),
      ],
    },
    {
      name: `the result of ${line}`,
      read: (result) => [
        operation.resultAttributes(result, route),
        operation.usage?.(result),
        operation.fees?.(result),
        operation.failure?.(result),
        operation.toolCalls?.(result),
      ],
    },
    {
      name: `the stream of ${line}`,
      read: (chunk) => {
        const accumulator = operation.accumulate?.({ text: 1_000, span: 5_000, answer: 20_000 });
        for (const part of [chunk, ...(Array.isArray(chunk) ? chunk : []), chunk]) accumulator?.add(part);
        return accumulator?.result();
      },
    },
    {
      name: `the content of ${line}`,
      read: (value) => {
        const { inputMessages } = content.input?.(request(value)) ?? {};
        for (let index = 0; index < (inputMessages?.length ?? 0); index++) inputMessages?.at(index);
        return content.output?.(value);
      },
    },
  ];
}
