import { computed, type ReadonlySignal } from '@preact/signals';
import type { SpanMessage } from '../messages.ts';
import * as ATTR from '../semconv/attributes.ts';
import { readContent } from '../span-texts.ts';
import type { Row } from '../tree.ts';
import { changes, openTrace, store } from './state.ts';

/** The maximum number of earlier responses in a chain that are shown. */
const MAX_CHAIN = 100;

function previousResponse({ span }: Row): unknown {
  return span.attributes[ATTR.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID];
}

function isResponse({ span }: Row): boolean {
  return span.attributes[ATTR.GEN_AI_RESPONSE_ID] !== undefined;
}

function byResponseId(rows: readonly Row[]): Map<unknown, Row> {
  return new Map(rows.filter(isResponse).map((row) => [row.span.attributes[ATTR.GEN_AI_RESPONSE_ID], row]));
}

/**
 * For each call that continues a response of an earlier trace, the messages before it. The API keeps them, so the call
 * does not send them again.
 */
export const earlierMessages: ReadonlySignal<ReadonlyMap<Row, readonly SpanMessage[]>> = computed(() => {
  const { value: trace } = openTrace;
  const own = byResponseId(trace?.rows ?? []);
  const continued = (trace?.rows ?? []).filter((row) => {
    const previous = previousResponse(row);
    return previous !== undefined && !own.has(previous);
  });
  if (continued.length === 0 || changes.value === 0) return new Map();
  const all = byResponseId(store.lists('').traces.flatMap((entry) => entry.trace.rows));
  return new Map(
    continued.flatMap((row) => {
      const found = messagesBefore(row, all);
      return found.length === 0 ? [] : [[row, found] as const];
    }),
  );
});

function messagesBefore(row: Row, responses: ReadonlyMap<unknown, Row>): SpanMessage[] {
  const chain = new Set<Row>();
  let earlier = responses.get(previousResponse(row));
  while (earlier !== undefined && !chain.has(earlier) && chain.size < MAX_CHAIN) {
    chain.add(earlier);
    earlier = responses.get(previousResponse(earlier));
  }
  return [...chain].reverse().flatMap(({ span }) => {
    const { asked, answered } = readContent(span.attributes);
    return [...asked, ...answered];
  });
}
