import * as ATTR from '../../semconv/attributes.ts';
import { errorTypeOf, readError } from '../../telemetry/error.ts';
import { field, numberField, objectField, row, stringField } from '../../util/payload.ts';
import type { FactSink } from '../dialect.ts';
import { readSession, readSubagent, readTurnFact } from './facts.ts';
import { readSessionItem } from './session-items.ts';

const PREFIX = 'agent.session.';
const ENVIRONMENT = 'environment.';

/** The handlers of events. Other events begin with `agent.session.`. */
const EVENTS: Readonly<Record<string, (event: unknown, sink: FactSink) => void>> = {
  error: readErrorEvent,
  created: readSessionState,
  idle: readSessionState,
  in_progress: readSessionState,
  requires_action: readSessionState,
  failed: readSessionState,
  'turn.created': (event, sink) => readTurnFact(field(event, 'turn'), sink, { event, moment: 'begun' }),
  'turn.in_progress': (event, sink) => readTurnFact(field(event, 'turn'), sink, { event }),
  'turn.completed': readEndedTurn,
  'turn.failed': readEndedTurn,
  'turn.cancelled': readEndedTurn,
  'turn.item.added': (event, sink) => readItemEvent(event, sink, false),
  'turn.item.done': (event, sink) => readItemEvent(event, sink, true),
  'turn.output_text.delta': (event, sink) => sink.text(stringField(event, 'turn_id') ?? '', undefined),
  'subagent.created': readSubagentState,
  'subagent.active': readSubagentState,
  'subagent.closed': readSubagentState,
};

/** Reads an event of a session's stream. A failure is an event, too; it does not end the stream. */
export function readSessionEvent(event: unknown, sink: FactSink): void {
  const type = stringField(event, 'type') ?? '';
  const name = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type;
  if (name.startsWith(ENVIRONMENT)) readEnvironmentEvent(event, sink);
  else row(EVENTS, name)?.(event, sink);
}

function readSessionState(event: unknown, sink: FactSink): void {
  readSession(field(event, 'session'), sink);
}

function readEndedTurn(event: unknown, sink: FactSink): void {
  readTurnFact(field(event, 'turn'), sink, { event, moment: 'ended' });
}

function readSubagentState(event: unknown, sink: FactSink): void {
  readSubagent(field(event, 'subagent'), sink);
}

function readItemEvent(event: unknown, sink: FactSink, done: boolean): void {
  const item = field(event, 'item');
  const turnId = stringField(item, 'turn_id') ?? stringField(event, 'turn_id');
  if (turnId === undefined) return;
  if (sink.wants(turnId) === 'changes') readSessionItem(item, sink, turnId, done);
  else sink.later(turnId, item, done);
}

/** The reason for which the session is about to fail. */
function readErrorEvent(event: unknown, sink: FactSink): void {
  sink.conversationFailure(stringField(event, 'session_id'), readError(field(event, 'error'), 'failed'));
}

/** An event of the session's environment. */
function readEnvironmentEvent(event: unknown, sink: FactSink): void {
  const state = objectField(event, 'environment');
  const resetCount = numberField(event, 'reset_count');
  const status = stringField(state, 'status') ?? (resetCount === undefined ? undefined : 'reset');
  if (status === undefined) return;
  sink.conversationEvent(stringField(event, 'session_id'), stringField(event, 'event_id'), {
    [ATTR.OPENAI_ENVIRONMENT_ID]: stringField(state, 'id') ?? stringField(event, 'environment_id'),
    [ATTR.OPENAI_ENVIRONMENT_STATUS]: status,
    [ATTR.OPENAI_ENVIRONMENT_TYPE]: stringField(state, 'type'),
    [ATTR.OPENAI_ENVIRONMENT_RESET_COUNT]: resetCount,
    [ATTR.OPENAI_TURN_ID]: stringField(event, 'turn_id'),
    [ATTR.ERROR_TYPE]:
      status === 'failed' ? errorTypeOf(field(state, 'error'), 'environment_failed') : undefined,
  });
}
