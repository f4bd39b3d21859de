import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { count, dollars, grouped } from '../format-amounts.ts';
import { attributeText } from '../messages.ts';
import type { TraceEntry } from '../trace-store.ts';
import { summaryFacts, type TraceSummary } from '../trace-summary.ts';
import type { Row } from '../tree.ts';
import { shownErrorType } from '../viewed-trace.ts';
import { select, showOnlyErrors } from './actions.ts';
import { Button, clock, FactList, Table } from './elements.tsx';

/** The maximum length of a question or an answer, in UTF-16 units. The conversation shows all of it. */
const MAX_STORY_LENGTH = 300;
/** The maximum number of errors listed. The filter finds the others. */
const MAX_ERRORS = 6;

export function Overview({ entry }: { readonly entry: TraceEntry }): VNode {
  const { title, traceId, summary } = entry.trace;
  const facts = summaryFacts(summary).map(([label, text]) => [label, text?.slice(0, 4_000)] as const);
  return (
    <section class="overview card stack" aria-label="Trace">
      <div class="title line">
        <h2>{title.slice(0, 300)}</h2>
        <Badge entry={entry} />
        <code class="dim">{traceId}</code>
      </div>
      <FactList facts={[...facts, ['Started', clock(summary.start)]]} />
      <Story summary={summary} />
      {summary.errors.length > 0 && <ErrorList errors={summary.errors} />}
    </section>
  );
}

function Story({ summary }: { readonly summary: TraceSummary }): VNode | null {
  const { prompt, answer, cost: total = 0, costliest } = summary;
  const cost = Number(costliest?.span.attributes[ATTR.OPENAI_COST]);
  const percent = Math.round((cost / total) * 100);
  const share = total > 0 ? `, ${percent < 1 ? 'less than 1' : percent} % of the cost` : '';
  const rows = [
    ['First question', prompt?.slice(0, MAX_STORY_LENGTH)],
    ['Last answer', answer?.slice(0, MAX_STORY_LENGTH)],
    ['Costliest call', costliest && [<SpanButton row={costliest} />, ` ${dollars(cost)}${share}`]],
  ];
  return <Table className="story" rows={rows.filter(([, value]) => value !== undefined)} />;
}

export function SpanButton({ row }: { readonly row: Row }): VNode {
  return <Button label={row.span.name.slice(0, 200)} class="link" onClick={() => select(row)} />;
}

export function Badge({ entry: { trace, inProgress } }: { readonly entry: TraceEntry }): VNode {
  const { errors, outcome } = trace.summary;
  const text = count(errors.length, 'error');
  if (text !== undefined) return <span class="badge bad">{text}</span>;
  const state = inProgress ? 'in progress' : outcome.slice(0, 40);
  return <span class={state === 'ok' ? 'badge good' : 'badge'}>{state}</span>;
}

function ErrorList({ errors }: { readonly errors: readonly Row[] }): VNode {
  const more = errors.length - MAX_ERRORS;
  return (
    <ul class="errors line" aria-label="Errors">
      {errors.slice(0, MAX_ERRORS).map((row) => {
        const { name, message, attributes } = row.span;
        const id = attributes[ATTR.OPENAI_STEP_ID] ?? attributes[ATTR.OPENAI_RUN_ID] ?? '';
        return (
          <li key={row.id}>
            <button type="button" class="note bad line" onClick={() => select(row)}>
              <strong class="failure">{shownErrorType(row.span)}</strong>
              <span>{name.slice(0, 200)}</span>
              <code>{attributeText(id).slice(0, 200)}</code>
              <span>{message?.slice(0, 200)}</span>
            </button>
          </li>
        );
      })}
      {more > 0 && (
        <li>
          <Button label={`and ${grouped(more)} more`} onClick={() => showOnlyErrors(true)} />
        </li>
      )}
    </ul>
  );
}
