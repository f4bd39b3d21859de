import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { count } from '../format-amounts.ts';
import { attributeText } from '../messages.ts';
import * as ATTR from '../semconv/attributes.ts';
import type { TraceEntry } from '../trace-store.ts';
import { summaryFacts } from '../trace-summary.ts';
import type { Row } from '../tree.ts';
import { shownErrorType } from '../viewed-span.ts';
import { select, startComparing } from './actions.ts';
import { Paged } from './content.tsx';
import { Button, clock, FactList, type ListedFact } from './elements.tsx';
import { saveOtlp, savePage } from './save.ts';
import { hasList, isLive } from './state.ts';

/** The maximum length of a question or an answer, in UTF-16 units. The conversation shows all of it. */
const MAX_STORY_LENGTH = 300;
const ERRORS_PAGE_SIZE = 6;

export function Overview({ entry }: { readonly entry: TraceEntry }): VNode {
  const { title, traceId, summary } = entry.trace;
  const { start, prompt, answer, costliest, errors } = summary;
  const known = useRef(new Set(['Started']));
  const facts: ListedFact[] = [
    ...summaryFacts(summary).map(([label, text]) => [label, text?.slice(0, 4_000)] as const),
    ['Started', clock(start)],
    ['Costliest call', costliest && <SpanButton row={costliest} />],
  ];
  return (
    <section class="overview card stack" aria-label="Trace">
      <div class="title line">
        <h2>{title.slice(0, 300)}</h2>
        <Badge entry={entry} />
        <code class="dim">{traceId}</code>
        {hasList.value && <Button label="Compare with…" onClick={startComparing} />}
        <Button label="Save page" onClick={() => savePage([entry.id])} />
        <Button label="Save OTLP JSON" onClick={() => saveOtlp(entry.id)} />
      </div>
      <FactList facts={isLive ? inOrderOfArrival(facts, known.current) : facts} />
      <FactList
        className="story"
        facts={[
          ['First question', prompt && <Quote text={prompt} />],
          ['Last answer', answer && <Quote text={answer} />],
        ]}
      />
      {errors.length > 0 && (
        <section aria-label="Errors" key={traceId}>
          <Paged
            as="ul"
            items={errors}
            size={ERRORS_PAGE_SIZE}
            label="Show more errors"
            render={(row) => <ErrorButton key={row.id} row={row} />}
          />
        </section>
      )}
    </section>
  );
}

/** A fact that arrives late comes last, so that it moves no other. `known` has the labels of those that have arrived. */
function inOrderOfArrival(facts: readonly ListedFact[], known: Set<string>): readonly ListedFact[] {
  for (const [label, value] of facts) if (value !== undefined) known.add(label);
  const places = [...known];
  return facts.toSorted(([one], [other]) => places.indexOf(one) - places.indexOf(other));
}

/** The beginning of a text in one line. */
function Quote({ text }: { readonly text: string }): VNode {
  const start = text.slice(0, MAX_STORY_LENGTH);
  return (
    <q class="clip" dir="auto" title={start}>
      {start}
    </q>
  );
}

export function SpanButton({ row }: { readonly row: Row }): VNode {
  return <Button label={row.span.name.slice(0, 200)} class="link" onClick={() => select(row)} />;
}

interface BadgeProps {
  readonly entry: TraceEntry;
  /** Whether there is no badge if all went well. */
  readonly isQuiet?: boolean;
}

export function Badge({ entry: { trace, inProgress }, isQuiet = false }: BadgeProps): VNode | null {
  const { errors, outcome } = trace.summary;
  const text = count(errors.length, 'error');
  if (text !== undefined) return <span class="badge bad">{text}</span>;
  const state = inProgress ? 'in progress' : outcome.slice(0, 40);
  if (state === 'ok' && isQuiet) return null;
  return <span class={state === 'ok' ? 'badge good' : 'badge'}>{state}</span>;
}

function ErrorButton({ row }: { readonly row: Row }): VNode {
  const { name, message, attributes } = row.span;
  const id = attributes[ATTR.OPENAI_STEP_ID] ?? attributes[ATTR.OPENAI_RUN_ID] ?? '';
  return (
    <li>
      <button type="button" class="note bad line" onClick={() => select(row)}>
        <strong class="failure">{shownErrorType(row.span)}</strong>
        <span>{name.slice(0, 200)}</span>
        <code>{attributeText(id).slice(0, 200)}</code>
        <span>{message?.slice(0, 200)}</span>
      </button>
    </li>
  );
}
