import { ROOT_CONTEXT } from '@opentelemetry/api';
import { readWithClient } from '../../sdk/own-requests.ts';
import { readHeader } from '../../util/payload.ts';
import type { FactSink, Get } from '../dialect.ts';
import type { EngineState } from '../engine-state.ts';
import { type Invocation, introduceAgent, lacksInput, type ReadDetails } from '../invocations/invocation.ts';
import type { FactSource } from '../observed-call.ts';

/** Takes the facts of a read. */
interface ReadFacts extends FactSink {
  readonly engine: EngineState;
  time: number;
}

/**
 * Reads about invocations with the client of a call. It keeps the client, and nothing else of the call: the read may be much
 * later.
 */
export function detailsReader(
  engine: EngineState,
  { endpoint, exchange: { client, requestHeaders } }: FactSource,
  newFacts: (engine: EngineState, source: FactSource, conversationId: string | undefined) => ReadFacts,
): ReadDetails | undefined {
  if (client === undefined) return undefined;
  const version = readHeader(requestHeaders, 'OpenAI-Beta') ?? engine.dialect.version;
  return async (invocation, what, send) => {
    const exchange = {
      startTime: invocation.clock.now(),
      ownClock: invocation.clock.own,
      headers: undefined,
      client,
      requestHeaders: { 'OpenAI-Beta': version },
    };
    const content = engine.telemetry.wantsContent;
    const source = { endpoint, context: ROOT_CONTEXT, content, exchange };
    const facts = newFacts(engine, source, invocation.conversationId);
    const request = async (path: string, query: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
      const answer = await send((controller) => readWithClient(client, path, query, version, controller));
      facts.time = invocation.clock.now();
      return answer;
    };
    const get = Object.assign(request, { version });
    const { dialect } = engine;
    if (what === 'end') {
      await dialect.readEnd(invocation, get, facts);
      return;
    }
    const isKnown = invocation.complete && !lacksInput(invocation);
    const isAll = isKnown || (await dialect.readDetails(invocation, get, facts));
    await readAgentOf(invocation, get, facts);
    // The conversation was idle although the invocation has not ended: it had not begun.
    if (invocation.life.endTime === undefined) invocation.life.goOn();
    else if (isAll) invocation.allSeen = true;
  };
}

/** Tells an invocation its agent, which the program may have made elsewhere: it is read once for each id. */
export async function readAgentOf(
  invocation: Invocation,
  get: Get,
  facts: FactSink & { readonly engine: EngineState },
): Promise<void> {
  const { agentId } = invocation;
  const { tracker, dialect, agentReads } = facts.engine;
  if (agentId === undefined || invocation.agent !== undefined || dialect.agentPath === undefined) return;
  const { origin } = invocation.endpoint;
  if (tracker.agents.get(origin, agentId) === undefined) {
    const read = (): Promise<void> =>
      get(dialect.agentPath?.(agentId) ?? '').then(
        (value) => dialect.read(value, facts),
        () => undefined,
      );
    // Several runs of an assistant may end at once.
    const reading = agentReads.get(origin, agentId) ?? read();
    agentReads.set(origin, agentId, reading);
    await reading;
  }
  // What cannot be read is not asked for again.
  const agent = tracker.agents.get(origin, agentId) ?? { id: agentId, name: undefined, model: undefined };
  tracker.agents.set(origin, agentId, agent);
  introduceAgent(invocation, agent, {});
}
