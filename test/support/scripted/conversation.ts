import type OpenAI from 'openai';
import type { Simulator } from '../simulator/index.ts';

/** The parts that a program may have in processes of their own. */
export type Role = 'creator' | 'poller' | 'answerer' | 'status';

/** What one step hands on to those after it, as a queue or a database between processes would: ids, mostly. */
export type Memory = Record<string, string>;

export interface Surroundings {
  readonly client: OpenAI;
  readonly memory: Memory;
  /** Each role is a process of its own: what one has seen the others have not. */
  readonly apart: boolean;
}

export interface Step {
  readonly role: Role;
  readonly run: (surroundings: Surroundings) => Promise<unknown>;
}

/** A conversation of three invocations with tools, one that fails and one that is cancelled, as steps of a program. */
export interface ScriptedConversation {
  readonly name: string;
  /** Tells the simulator how its invocations go. */
  readonly script: (simulator: Simulator) => void;
  /** What there is before the conversation: an assistant, an agent. */
  readonly prepare: (surroundings: Surroundings) => Promise<unknown>;
  readonly steps: readonly Step[];
}

export function by(role: Role, run: Step['run']): Step {
  return { role, run };
}

/** What was put into the memory by a step before. @throws if no step did */
export function recall(memory: Memory, name: string): string {
  const value = memory[name];
  if (value === undefined) throw new Error(`Nothing remembered as "${name}"`);
  return value;
}

/** The program asks for something again until it is as it is waited for. */
export async function until<Seen>(look: () => Promise<Seen>, done: (seen: Seen) => boolean): Promise<Seen> {
  for (let looks = 0; looks < 100; looks++) {
    const seen = await look();
    if (done(seen)) return seen;
  }
  throw new Error('It is never as it is waited for');
}
