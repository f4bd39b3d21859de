import type { ClientEndpoint } from '../../sdk/provider.ts';
import { textLimits } from '../../telemetry/content/kept.ts';
import type { Place } from '../../telemetry/place.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { LastingClock } from '../../util/clock.ts';
import { MAX_REPEATED } from '../../util/payload.ts';
import { Conversation } from '../conversations/conversation.ts';
import type { ToolCalls } from '../tool-calls/tool-calls.ts';
import type { ConversationTracker } from '../tracker.ts';
import type { SocketSegment } from './segment.ts';
import { ResponseDefaults, readSessionFacts, type SessionFacts } from './session-facts.ts';

export interface SessionStart {
  readonly telemetry: Telemetry;
  readonly tracker: ConversationTracker;
  readonly toolCalls: ToolCalls;
  readonly segment: SocketSegment;
  readonly client: object;
  readonly endpoint: ClientEndpoint;
  readonly model: string | undefined;
  readonly kind: 'realtime' | 'live';
  /** Whether no other socket has this response, or this transcript. */
  readonly claims: (id: string) => boolean;
}

/** What the responses and the speech of a session share: what the server has told of it, and what awaits an answer. */
export class SessionState {
  readonly start: SessionStart;
  /** Events come for as long as the socket is open. */
  readonly clock: LastingClock = new LastingClock();
  readonly defaults: ResponseDefaults;
  facts: SessionFacts = readSessionFacts(undefined);
  model: string | undefined;
  conversation: Conversation;
  #input: unknown[] = [];

  constructor(start: SessionStart) {
    const { telemetry, kind, model } = start;
    this.start = start;
    this.model = model;
    this.conversation = new Conversation(kind, '');
    this.defaults = new ResponseDefaults(() =>
      telemetry.wantsContent ? textLimits(telemetry.settings) : undefined,
    );
  }

  get place(): Place {
    return { kind: this.start.kind, conversationId: this.facts.id };
  }

  /** @param isAnswer to an update of the program */
  described(session: unknown, isAnswer: boolean): void {
    this.defaults.told(session, isAnswer);
    const { tracker, kind, endpoint, segment } = this.start;
    const facts = readSessionFacts(session);
    const known = this.facts.id;
    this.facts = { ...facts, id: known ?? facts.id };
    this.model = facts.model ?? this.model;
    segment.describe(this.facts.id, facts.attributes);
    if (known === undefined && facts.id !== undefined)
      this.conversation = tracker.conversation(kind, facts.id, endpoint.origin);
  }

  /** Something is said or brought that the next response answers. */
  say(item: unknown): void {
    if (this.#input.length < MAX_REPEATED) this.#input.push(item);
  }

  /** What was said and brought since the last response; `takes` if the next one does not answer it again. */
  said(takes: boolean): readonly unknown[] {
    return takes ? this.#input.splice(0) : [...this.#input];
  }
}
