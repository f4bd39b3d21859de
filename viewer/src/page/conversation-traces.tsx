import { computed } from '@preact/signals';
import type { VNode } from 'preact';
import { costOf, count, formatDuration, grouped } from '../format-amounts.ts';
import { totalTokens } from '../span-usage.ts';
import type { TraceEntry } from '../trace-store.ts';
import { transcriptOf } from '../transcript.ts';
import { groupBy } from '../tree.ts';
import { conversationId } from '../viewed-span.ts';
import { choose } from './actions.ts';
import { Paged } from './content.tsx';
import { TranscriptItem } from './conversation.tsx';
import { Button, clock, FactList } from './elements.tsx';
import { Badge } from './overview.tsx';
import { filterWords, listedUsage, lists } from './state.ts';

const TRACES_PAGE_SIZE = 10;
/** The maximum number of traces whose messages are shown, of which the newest are taken. */
const MAX_SHOWN_TRACES = 100;

/** The traces that the filter finds, the oldest first. */
const entries = computed(() => (lists.value?.traces ?? []).slice(0, MAX_SHOWN_TRACES).reverse());

/** What was said in each trace. Of the history that a program sends again in a later trace, only what is new. */
const transcripts = computed(() => {
  const rows = entries.value.flatMap(({ trace, foundRows }) =>
    trace.rows.filter((row) => foundRows?.has(row) ?? true),
  );
  const ids = new Map(
    rows.map(({ span }) => [span.traceId, conversationId(span)] as const).filter(([, id]) => id),
  );
  const said = transcriptOf(rows, ({ span }) => ids.get(span.traceId));
  return groupBy(said, ({ row }) => row.span.traceId);
});

/** The traces of a conversation, or of a user, as one conversation. */
export function ConversationOfTraces(): VNode {
  const { value: used } = listedUsage;
  const { value: shown } = entries;
  const traces = lists.value?.traces ?? [];
  const errors = traces.reduce((sum, { trace }) => sum + trace.summary.errors.length, 0);
  const [first, last] = [shown[0], shown.at(-1)];
  return (
    <div class="stack">
      <section class="overview card stack" aria-label="Totals of the conversation">
        <div class="title line">
          <h2>Conversation</h2>
          <code class="dim">{filterWords.value.slice(0, 300)}</code>
        </div>
        <FactList
          facts={[
            ['Traces', grouped(traces.length)],
            ['First', first && clock(first.trace.summary.start)],
            ['Last', last && clock(last.trace.summary.start)],
            ['Cost', costOf(used.cost, used.unpriced)],
            ['Tokens', totalTokens(used)],
            ['Errors', grouped(errors)],
          ]}
        />
      </section>
      {traces.length > shown.length && (
        <p class="note">{`${count(traces.length - shown.length, 'older trace is', 'older traces are')} left out.`}</p>
      )}
      <section class="chat card panel" aria-label="Conversation">
        <Paged
          as="ol"
          items={shown}
          size={TRACES_PAGE_SIZE}
          label="Show more traces"
          render={(entry) => <ConversationTrace key={entry.id} entry={entry} />}
        />
      </section>
    </div>
  );
}

function ConversationTrace({ entry }: { readonly entry: TraceEntry }): VNode {
  const { id, trace } = entry;
  const { start, end, cost, unpriced } = trace.summary;
  const said = transcripts.value.get(id) ?? [];
  return (
    <li class="heading stack">
      <div>
        <h3>
          <Button label={trace.title.slice(0, 200) || id} class="link" onClick={() => choose(id)} />
        </h3>
        <p class="foot line small dim">
          <span>{clock(start)}</span>
          <span>{formatDuration(start, end)}</span>
          <span>{totalTokens(trace.summary)}</span>
          <span>{costOf(cost, unpriced)}</span>
          <Badge entry={entry} isQuiet />
        </p>
      </div>
      {said.length === 0 ? (
        <p class="dim">Nothing new was said.</p>
      ) : (
        <ol class="stack">
          {said.map((each, i) => (
            <TranscriptItem key={i} entry={each} />
          ))}
        </ol>
      )}
    </li>
  );
}
