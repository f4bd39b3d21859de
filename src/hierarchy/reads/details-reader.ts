import { ROOT_CONTEXT } from '@opentelemetry/api';
import { readWithClient } from '../../sdk/own-requests.ts';
import { readHeader } from '../../util/headers.ts';
import type { FactSink } from '../dialect.ts';
import type { EngineState } from '../engine-state.ts';
import type { ReadDetails } from '../invocations/invocation-start.ts';
import { lacksInput } from '../invocations/run-input.ts';
import type { FactSource } from '../observed-call.ts';
import { readAgentOf } from './read-agent.ts';

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
