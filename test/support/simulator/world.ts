import type { LiveResponse } from './live-response.ts';
import type { LiveSession } from './live-session.ts';
import type { Assistant, Message, Thread } from './objects.ts';
import { notFound } from './reply.ts';
import type { Item } from './response-items.ts';
import type { ResponseScript } from './response-script.ts';
import type { LiveRun } from './run.ts';
import type { RunScript } from './script.ts';
import type { Agent } from './session-objects.ts';
import type { TurnScript } from './session-script.ts';

/** The server's clock, in whole seconds as everywhere in the API. */
export class ServerClock {
  /** Seconds added to every timestamp: a server whose clock is off. */
  offset = 0;
  #stoppedAt: number | undefined;

  now(): number {
    return (this.#stoppedAt ?? readSeconds()) + this.offset;
  }

  /** Stays within this second, for tests whose result would depend on when the next one begins. */
  stop(): void {
    this.#stoppedAt = readSeconds();
  }
}

function readSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Ids with the API's prefixes, counted per prefix, so that every server gives the same ones. */
export class Identifiers {
  /** Added to every count, so that two servers give different ones. */
  offset = 0;
  readonly #counts = new Map<string, number>();

  next(prefix: string, digits = 6): string {
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    return `${prefix}${String(this.offset + count).padStart(digits, '0')}`;
  }
}

/** A thread and what hangs on it, oldest first. */
export interface ThreadRecord {
  readonly object: Thread;
  readonly messages: Message[];
  readonly runs: LiveRun[];
}

/** A conversation and its items, oldest first. */
export interface ConversationRecord {
  readonly object: { readonly id: string; readonly [field: string]: unknown };
  readonly items: Item[];
}

/** Everything one simulator knows. */
export class World {
  readonly clock: ServerClock = new ServerClock();
  readonly identifiers: Identifiers = new Identifiers();
  readonly assistants: Map<string, Assistant> = new Map();
  readonly threads: Map<string, ThreadRecord> = new Map();
  /** How the next runs behave, first come first served. */
  readonly scripts: RunScript[] = [];
  readonly responses: Map<string, LiveResponse> = new Map();
  readonly conversations: Map<string, ConversationRecord> = new Map();
  /** How the next responses behave, first come first served. */
  readonly responseScripts: ResponseScript[] = [];
  readonly agents: Map<string, Agent> = new Map();
  readonly sessions: Map<string, LiveSession> = new Map();
  /** How the next turns of sessions behave, first come first served. */
  readonly turnScripts: TurnScript[] = [];

  assistant(id: string): Assistant {
    return found(this.assistants.get(id), 'assistant', id);
  }

  agent(id: string): Agent {
    return found(this.agents.get(id), 'agent', id);
  }

  session(id: string): LiveSession {
    return found(this.sessions.get(id), 'session', id);
  }

  thread(id: string): ThreadRecord {
    return found(this.threads.get(id), 'thread', id);
  }

  response(id: string): LiveResponse {
    return found(this.responses.get(id), 'response', id);
  }

  conversation(id: string): ConversationRecord {
    return found(this.conversations.get(id), 'conversation', id);
  }

  run(threadId: string, id: string): LiveRun {
    const run = this.thread(threadId).runs.find((candidate) => candidate.object.id === id);
    return found(run, 'run', id);
  }
}

function found<Resource>(resource: Resource | undefined, type: string, id: string): Resource {
  if (resource === undefined) throw notFound(type, id);
  return resource;
}
