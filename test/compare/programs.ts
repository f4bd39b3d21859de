import type { Scenario, Stage } from '../canary/stage.ts';
import { PRICES, SCRIPTED } from '../support/scripted/index.ts';

/** What runs in a process beside others, with a client of a server of its own. */
export interface Program {
  readonly name: string;
  /** @returns what the program has got; whatever it throws is compared as well */
  run(stage: Stage): Promise<unknown>;
}

/** Programs of one kind, which are loaded where the version of `openai` has what they need. */
export interface Group {
  readonly name: string;
  load(): Promise<readonly Program[]>;
  /** One server for all of them: each port is a value of a dimension, of which metrics keep a hundred. */
  readonly sharesServer?: boolean;
  /** Every text of requests and answers is a secret, as in the tests of canaries. */
  readonly planted?: boolean;
  /** The ways to record it that say something new. Default: all. */
  readonly ways?: readonly Way[];
  /** The first major version of `openai` that has what they need. */
  readonly since?: number;
  /** Left out of the quick comparison. */
  readonly slow?: boolean;
}

/** How programs are recorded: each is a process of its own. */
export type Way = 'plain' | 'content' | 'sampled out' | 'suppressed';
export const WAYS: readonly Way[] = ['plain', 'content', 'sampled out', 'suppressed'];

/** The options of the instrumentation, and whether the program has a span of its own around what it does. */
export const CONFIG: Readonly<Record<Way, object>> = {
  plain: { cost: true, prices: PRICES },
  content: { captureMessageContent: 'SPAN_AND_EVENT', cost: true, prices: PRICES },
  'sampled out': { captureMessageContent: 'SPAN_AND_EVENT', cost: false },
  suppressed: { captureMessageContent: 'SPAN_AND_EVENT', cost: false },
};

const openai: { readonly VERSION: string } = await import(String('openai/version'));
export const VERSION: string = openai.VERSION;

function scripted(): readonly Program[] {
  return SCRIPTED.map(({ name, script, prepare, steps }) => ({
    name,
    async run({ client, simulator }) {
      const surroundings = { client, memory: {}, apart: false };
      script(simulator);
      await prepare(surroundings);
      for (const { run } of steps) await run(surroundings);
      return surroundings.memory;
    },
  }));
}

function named(scenarios: readonly Scenario[]): readonly Program[] {
  return scenarios;
}

export const GROUPS: readonly Group[] = [
  { name: 'scripted', load: async () => scripted() },
  {
    name: 'canary',
    planted: true,
    load: async () => named((await import('../canary/scenarios.ts')).SCENARIOS),
  },
  {
    name: 'failing',
    since: 5,
    planted: true,
    ways: ['plain', 'content'],
    slow: true,
    load: async () => named((await import('../canary/failures.ts')).FAILING_SCENARIOS),
  },
  {
    name: 'sockets',
    since: 7,
    planted: true,
    load: async () => named((await import('../canary/socket-scenarios.ts')).SOCKET_SCENARIOS),
  },
  {
    name: 'agents',
    since: 7,
    planted: true,
    load: async () => named((await import('../canary/agents-sdk.ts')).AGENTS_SCENARIOS),
  },
  {
    name: 'endpoints',
    planted: true,
    sharesServer: true,
    ways: ['plain', 'content'],
    load: async () => named((await import('../canary/routes.ts')).ROUTE_SCENARIOS),
  },
];
