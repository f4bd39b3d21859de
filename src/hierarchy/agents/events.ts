import {
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
} from '../../semconv/attributes.ts';
import { readError } from '../../telemetry/error.ts';
import { field, MAX_READ, row, stringField } from '../../util/payload.ts';
import type { Invocation } from '../invocation.ts';
import type { ObservedSessions } from './observed-objects.ts';
import type { TurnObservation } from './turns.ts';

/** The handlers of events. Other events begin with `agent.session.`. */
const TURN_EVENTS: Readonly<Record<string, (events: SessionEvents, event: unknown, time: number) => void>> = {
  error: (events, event) => events.error(event),
  created: (events, event, time) => events.session(event, time),
  idle: (events, event, time) => events.session(event, time),
  in_progress: (events, event, time) => events.session(event, time),
  requires_action: (events, event, time) => events.session(event, time),
  failed: (events, event, time) => events.session(event, time),
  'turn.created': (events, event, time) => events.turn(event, time, 'begun'),
  'turn.in_progress': (events, event, time) => events.turn(event, time),
  'turn.completed': (events, event, time) => events.turn(event, time, 'ended'),
  'turn.failed': (events, event, time) => events.turn(event, time, 'ended'),
  'turn.cancelled': (events, event, time) => events.turn(event, time, 'ended'),
  'turn.item.added': (events, event, time) => events.item(event, time, false),
  'turn.item.done': (events, event, time) => events.item(event, time, true),
  'turn.output_text.delta': (events, event, time) => events.text(event, time),
  'subagent.created': (events, event) => events.subagent(event),
  'subagent.active': (events, event) => events.subagent(event),
  'subagent.closed': (events, event) => events.subagent(event),
};

const PREFIX = 'agent.session.';
const ENVIRONMENT = 'environment.';

/** Handles one stream of a session's events. A failure is an event, too; it does not end the stream. */
export class SessionEvents {
  readonly #sightings: ObservedSessions;
  readonly #observation: Omit<TurnObservation, 'time' | 'live'>;
  /** Called with the id of a session that the stream creates. */
  readonly #created: ((sessionId: string) => void) | undefined;
  /** The turns whose start this stream has reported. */
  readonly #begun = new Set<string>();
  readonly #spoken = new Set<string>();
  #sessionId: string | undefined;

  /** @param sessionId `undefined` if the stream creates the session and `created` receives its id */
  constructor(
    sightings: ObservedSessions,
    observation: Omit<TurnObservation, 'time' | 'live'>,
    sessionId: string | undefined,
    created?: (sessionId: string) => void,
  ) {
    this.#sightings = sightings;
    this.#observation = observation;
    this.#sessionId = sessionId;
    this.#created = created;
  }

  chunk(event: unknown, time: number): void {
    const type = stringField(event, 'type') ?? '';
    const name = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type;
    if (name.startsWith(ENVIRONMENT)) this.environment(event, time);
    else row(TURN_EVENTS, name)?.(this, event, time);
  }

  session(event: unknown, time: number): void {
    const session = field(event, 'session');
    const id = stringField(session, 'id');
    if (id !== undefined && this.#sessionId === undefined) {
      this.#sessionId = id;
      this.#created?.(id);
    }
    this.#sightings.session(session, this.#live(time));
  }

  turn(event: unknown, time: number, moment?: 'begun' | 'ended'): void {
    const turn = field(event, 'turn');
    const id = stringField(turn, 'id');
    const usage = field(turn, 'usage') ?? field(event, 'usage') ?? undefined;
    const known = this.#sightings.turns.turn(id, this.#sessionId);
    const followed = id !== undefined && this.#begun.has(id);
    if (moment === 'ended' && known !== undefined && followed && usage !== undefined) known.allSeen = true;
    const invocation = this.#sightings.turn(turn, this.#live(time), event);
    if (id === undefined) return;
    if (moment === 'begun' && invocation !== undefined && this.#begun.size < MAX_READ) this.#begun.add(id);
    if (moment !== 'ended') return;
    this.#begun.delete(id);
    this.#spoken.delete(id);
  }

  item(event: unknown, time: number, done: boolean): void {
    const item = field(event, 'item');
    const turnId = stringField(item, 'turn_id') ?? stringField(event, 'turn_id');
    if (turnId === undefined) return;
    if (this.#sightings.turns.turn(turnId, this.#sessionId) !== undefined)
      this.#sightings.item(item, turnId, this.#live(time), done);
    else this.#sightings.keepEarly(this.#sessionId, { turnId, item, time, done });
  }

  /** Takes a text delta of a turn. */
  text(event: unknown, time: number): void {
    const turnId = stringField(event, 'turn_id');
    const invocation: Invocation | undefined = this.#sightings.turns.turn(turnId, this.#sessionId);
    if (turnId === undefined || invocation === undefined || this.#spoken.has(turnId)) return;
    if (this.#spoken.size < MAX_READ) this.#spoken.add(turnId);
    const seconds = (time - invocation.startTime) / 1e3;
    invocation.addAttributes({
      [ATTR_GEN_AI_REQUEST_STREAM]: true,
      [ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]: seconds,
    });
  }

  subagent(event: unknown): void {
    this.#sightings.subagent(field(event, 'subagent'));
  }

  /** Takes the reason for which the session is about to fail. */
  error(event: unknown): void {
    const session = this.#sightings.turns.known(stringField(event, 'session_id') ?? this.#sessionId);
    if (session !== undefined) session.failure = readError(field(event, 'error'), 'failed');
  }

  environment(event: unknown, time: number): void {
    const sessionId = stringField(event, 'session_id') ?? this.#sessionId;
    if (sessionId === undefined) return;
    const isNew = this.#sightings.turns.session(sessionId).isNew(stringField(event, 'event_id'));
    if (isNew) this.#sightings.environment(event, sessionId, time);
  }

  #live(time: number): TurnObservation {
    return { ...this.#observation, time, live: true };
  }
}
