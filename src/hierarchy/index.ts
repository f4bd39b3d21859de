import type { SpanContext } from '@opentelemetry/api';
import type { EndLimits } from '../telemetry/program-end.ts';
import type { ProviderListener } from '../telemetry/provider-life.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { agents } from './agents/index.ts';
import type { ConversationApi } from './api.ts';
import { assistants } from './assistants/index.ts';
import { Engine } from './engine.ts';
import { Histories } from './histories/index.ts';
import { Polls } from './polls.ts';
import { Responses } from './responses/index.ts';
import type { HierarchyPart } from './select-api.ts';
import { ConversationTracker } from './tracker.ts';

/** Everything that lasts longer than a call, for one set of settings. */
export class Hierarchy implements ProviderListener {
  readonly parts: Readonly<Record<HierarchyPart, ConversationApi>> & { readonly histories: Histories };
  readonly #conversations: ConversationTracker;
  readonly #responses: Responses;

  constructor(telemetry: Telemetry) {
    const conversations = new ConversationTracker(telemetry);
    this.#conversations = conversations;
    this.#responses = new Responses(telemetry, conversations);
    this.parts = {
      agents: new Engine(telemetry, conversations, agents),
      assistants: new Engine(telemetry, conversations, assistants),
      histories: new Histories(telemetry, conversations),
      polls: new Polls(telemetry, conversations),
      responses: this.#responses,
    };
  }

  /** The span context of a response that this process created. */
  knownResponse(id: string, origin: string): SpanContext | undefined {
    return this.#responses.known(id, origin);
  }

  /** Whether a conversation or an invocation goes on. */
  get isOpen(): boolean {
    return this.#conversations.isOpen;
  }

  flush(): Promise<void> {
    return this.#conversations.flush();
  }

  endIdle(limits?: EndLimits): Promise<void> {
    return this.#conversations.endIdle(limits);
  }

  shutdown(limits?: EndLimits): Promise<void> {
    return this.#conversations.shutdown(limits);
  }

  endAll(): void {
    this.#conversations.endAll();
  }
}
