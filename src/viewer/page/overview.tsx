import type { ComponentChildren, VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { count, dollars, explainedCost, formatDuration, grouped, totalTokens } from '../amounts.ts';
import { attributeText } from '../messages.ts';
import { modalityText } from '../modalities.ts';
import type { TraceSummary } from '../trace-summary.ts';
import type { Row, Time } from '../tree.ts';
import { shownErrorType, type Trace, type TraceEntry } from '../viewed-trace.ts';
import { select, showErrors } from './actions.ts';

/** A list of facts. What is not known is left out. */
export function FactList({
  facts,
  className = '',
}: {
  readonly facts: readonly (readonly [label: string, value: ComponentChildren])[];
  readonly className?: string;
}): VNode | null {
  const known = facts.filter(([, value]) => value !== undefined);
  if (known.length === 0) return null;
  return (
    <dl class={className}>
      {known.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The summary of a trace: duration, cost, tokens and errors. */
export function Overview({ trace, entry }: { readonly trace: Trace; readonly entry: TraceEntry }): VNode {
  const { summary } = trace;
  const facts: readonly (readonly [label: string, value: string | undefined])[] = [
    ['Duration', formatDuration(summary.start, summary.end)],
    ['Cost', explainedCost(summary.cost, summary.unpriced)],
    ['Tokens', totalTokens(summary)?.replace(' tokens', '')],
    ...summary.modalities.map((each) => [each.label, modalityText(each).replace(' tokens', '')] as const),
    ...summary.counts.map((each) => [each.label, grouped(each.count)] as const),
    ['Retries', summary.retries > 0 ? grouped(summary.retries) : undefined],
    ['Model', listed(summary.models)],
    ['Service', summary.service],
    ['Project', summary.project],
    ['Environment', summary.environment],
    ['Started', clock(summary.start)],
  ];
  return (
    <section class="overview" aria-label="Trace">
      <div class="title">
        <h2>{trace.title}</h2>
        <Badge entry={entry} />
        <code class="id">{trace.tree.traceId}</code>
      </div>
      <FactList facts={facts} />
      <Story summary={summary} />
      {summary.errors.length > 0 && <ErrorList errors={summary.errors} />}
    </section>
  );
}

/** UTF-16 units of a question or an answer. The conversation has all of it. */
const MAX_STORY_LENGTH = 300;

/** What was asked, what came back, and what cost most. */
function Story({ summary }: { readonly summary: TraceSummary }): VNode {
  const { prompt, answer, cost, costliest } = summary;
  return (
    <FactList
      className="story"
      facts={[
        ['First question', prompt?.slice(0, MAX_STORY_LENGTH)],
        ['Last answer', answer?.slice(0, MAX_STORY_LENGTH)],
        ['Costliest call', costliest && <CostliestCall row={costliest} total={cost} />],
      ]}
    />
  );
}

function CostliestCall({ row, total }: { readonly row: Row; readonly total: number | undefined }): VNode {
  const { name, attributes } = row.node.span;
  const cost = Number(attributes[ATTR.OPENAI_COST]);
  const share = total === undefined || total <= 0 ? '' : `, ${shareText(cost / total)} of the cost`;
  return (
    <span>
      <button type="button" class="link" onClick={() => select(row)}>
        {name.slice(0, 200)}
      </button>
      {` ${dollars(cost)}${share}`}
    </span>
  );
}

function shareText(share: number): string {
  return share < 0.01 ? 'less than 1 %' : `${Math.round(share * 100)} %`;
}

/** How a trace ended, or its errors. */
export function Badge({ entry }: { readonly entry: TraceEntry }): VNode {
  const { errors, underWay, outcome } = entry;
  const text = count(errors, 'error');
  if (text !== undefined) return <span class="badge bad">{text}</span>;
  const state = underWay ? 'in progress' : outcome.slice(0, 40);
  return <span class={state === 'ok' ? 'badge good' : 'badge going'}>{state}</span>;
}

/** The number of errors listed. The filter finds the others. */
const MAX_ERRORS = 6;

function ErrorList({ errors }: { readonly errors: readonly Row[] }): VNode {
  const more = errors.length - MAX_ERRORS;
  return (
    <ul class="errors" aria-label="Errors">
      {errors.slice(0, MAX_ERRORS).map((row) => {
        const { name, status, attributes } = row.node.span;
        const id = attributes[ATTR.OPENAI_STEP_ID] ?? attributes[ATTR.OPENAI_RUN_ID] ?? '';
        return (
          <li key={row.id}>
            <button type="button" onClick={() => select(row)}>
              <strong>{shownErrorType(row.node.span)}</strong>
              <span>{name.slice(0, 200)}</span>
              <code class="id">{attributeText(id).slice(0, 200)}</code>
              {status.message && <span class="dim">{status.message.slice(0, 200)}</span>}
            </button>
          </li>
        );
      })}
      {more > 0 && (
        <li>
          <button
            type="button"
            onClick={() => {
              showErrors();
              document.getElementById('only-errors')?.focus();
            }}
          >
            {`and ${grouped(more)} more`}
          </button>
        </li>
      )}
    </ul>
  );
}

/** The number of names listed. */
const MAX_NAMES = 20;

function listed(names: readonly string[]): string | undefined {
  const shown = names.slice(0, MAX_NAMES).map((name) => name.slice(0, 200));
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${grouped(more)} more` : shown.join(', ') || undefined;
}

export function clock([seconds]: Time): string {
  const date = new Date(seconds * 1e3);
  return Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
