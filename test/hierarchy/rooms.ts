import type { Dialect, FactSink } from '../../src/hierarchy/dialect.ts';
import { parameterOf } from '../../src/hierarchy/dialects/shared-readers.ts';
import { usageIn } from '../../src/telemetry/cost/usage.ts';
import { readReported } from '../../src/telemetry/outcomes/failure.ts';
import { field, objectField, stringField } from '../../src/util/payload.ts';

/** The dialect of a made-up API: rooms have turns, turns call tools, and a turn is told as server-sent events. */
export const rooms: Dialect = {
  kind: 'session',
  identifiesAtOnce: true,
  version: '',

  intent(request) {
    const { route, method, body } = request;
    const isTurn = route.template.startsWith('/rooms/{session_id}/turns');
    const starts = route.endpoint === 'POST /rooms/{session_id}/turns';
    return {
      conversation: route.template === '/rooms' ? 'creates' : method === 'GET' ? 'reads' : 'changes',
      conversationId: parameterOf(request, 'session_id'),
      invocation: starts ? 'starts' : isTurn ? 'drives' : 'none',
      invocationId: parameterOf(request, 'turn_id'),
      messages: starts ? [undefined] : [],
      outputs: ['result'].flatMap((name) => {
        const callId = stringField(objectField(body, name), 'call_id');
        return callId === undefined
          ? []
          : { callId, invocationId: undefined, output: undefined, outcome: undefined };
      }),
    };
  },

  requested: ({ body }) => ({
    agentId: undefined,
    agent: undefined,
    model: stringField(body, 'model'),
    parameters: {},
    content: undefined,
  }),

  conversationOf: (value) => stringField(value, field(value, 'object') === 'room' ? 'id' : 'room_id'),
  read: readTurn,

  readEvent(event, sink) {
    const type = stringField(event, 'type');
    const turnId = stringField(event, 'turn_id') ?? '';
    if (type === 'text') sink.text(turnId, undefined);
    else if (type === 'tool.called' || type === 'tool.done')
      readCall(event, sink, turnId, type === 'tool.done');
    else readTurn(field(event, 'turn'), sink);
  },

  async readEnd(turn, get, sink) {
    readTurn(await get(`/rooms/${turn.conversationId}/turns/${turn.id}`), sink);
  },

  readDetails: () => Promise.resolve(true),
};

const PHASES: ReadonlyMap<string | undefined, 'ended' | 'waiting'> = new Map([
  ['done', 'ended'],
  ['failed', 'ended'],
  ['asks', 'waiting'],
]);

function readTurn(value: unknown, sink: FactSink): void {
  const id = stringField(value, 'id');
  const status = stringField(value, 'status');
  if (id === undefined || status === undefined || field(value, 'object') !== 'turn') return;
  sink.invocation({
    snapshot: {
      id,
      status,
      conversationId: stringField(value, 'room_id'),
      phase: PHASES.get(status) ?? 'open',
      usage: usageIn(value),
      failure: status === 'failed' ? readReported(field(value, 'error'), status) : undefined,
    },
  });
}

function readCall(event: unknown, sink: FactSink, invocationId: string, ended: boolean): void {
  const call = objectField(event, 'call');
  const id = stringField(call, 'id');
  const name = stringField(call, 'tool');
  if (id === undefined || name === undefined) return;
  sink.toolCall({
    invocationId,
    call: { id, name, type: name, content: undefined },
    begun: field(call, 'asks') === true || !ended,
    ended,
    duration: undefined,
  });
}
