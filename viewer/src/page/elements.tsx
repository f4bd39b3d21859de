import type { ComponentChildren, ComponentProps, VNode } from 'preact';
import { evaluationsOf, evaluationText } from '../evaluations.ts';
import { formatDuration } from '../format-amounts.ts';
import { spanFacts } from '../span-details.ts';
import type { Row } from '../tree.ts';
import type { Time, ViewedSpan } from '../viewed-span.ts';

/** A button that submits no form. */
export function Button({
  label,
  ...attributes
}: ComponentProps<'button'> & { readonly label: ComponentChildren }): VNode {
  return (
    <button type="button" {...attributes}>
      {label}
    </button>
  );
}

export type ListedFact = readonly [label: string, value: string | VNode | undefined];

interface FactListProps {
  readonly className?: string;
  readonly facts: readonly ListedFact[];
}

export function FactList({ facts, className = '' }: FactListProps): VNode {
  return (
    <dl class={`facts line ${className}`}>
      {facts.map(
        ([label, value]) =>
          value && (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{typeof value === 'string' ? value.replace(/^(?:audio|total) | tokens/g, '') : value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

interface TableProps {
  readonly caption?: string;
  readonly headings?: readonly ComponentChildren[] | undefined;
  /** The cells of each row. The first cell is the heading of the row. */
  readonly rows: readonly (readonly ComponentChildren[])[];
  readonly className?: string;
  /** The index of the column that the rows are sorted by, the largest first. */
  readonly sorted?: number;
}

export function Table(props: TableProps): VNode | null {
  const { caption, headings, rows, className = 'attributes', sorted } = props;
  if (rows.length === 0) return null;
  return (
    <table class={className}>
      {caption !== undefined && <caption>{caption}</caption>}
      {headings !== undefined && (
        <tr>
          {headings.map((heading, i) => (
            <th scope="col" key={i} aria-sort={i === sorted ? 'descending' : undefined} children={heading} />
          ))}
        </tr>
      )}
      {rows.map(([heading, ...cells], i) => (
        <tr key={i}>
          {/* A cell alone, such as a heading, spans all columns. */}
          <th scope="row" colSpan={cells.length === 0 ? headings?.length : undefined}>
            {heading}
          </th>
          {cells.map((cell, n) => (
            <td key={n}>{cell}</td>
          ))}
        </tr>
      ))}
    </table>
  );
}

/** A time in UTC: date, hours, minutes and seconds. */
export function clock([seconds]: Time): string {
  const date = new Date(seconds * 1e3);
  return Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

interface EvaluationsProps {
  readonly span: ViewedSpan;
  /** The maximum number shown. The events of the span include all evaluations. */
  readonly limit: number;
  readonly isExplained?: boolean;
}

export function Evaluations({ span, limit, isExplained = false }: EvaluationsProps): VNode {
  const evaluations = evaluationsOf(span.events).slice(0, limit);
  return (
    <>
      {evaluations.map((each, i) => (
        <span key={i} title={each.explanation}>
          <span class="badge">{evaluationText(each).slice(0, 200)}</span>
          {isExplained && ` ${each.explanation?.slice(0, 2_000) ?? ''}`}
        </span>
      ))}
    </>
  );
}

const TONE_CLASSES: Readonly<Record<string, string>> = { bad: 'failure', warning: 'badge' };

interface SpanDetailsProps {
  readonly row: Row;
  /** Facts of higher ranks are left out. */
  readonly maxRank?: number;
}

/** The duration and the facts of a span, for a line. */
export function SpanDetails({ row, maxRank = 3 }: SpanDetailsProps): VNode {
  const facts = spanFacts(row).filter(({ rank }) => rank <= maxRank);
  return (
    <>
      <span class="dim">{formatDuration(row.span.start, row.span.end)}</span>
      {facts.map(({ text, tone }, i) => (
        <span key={i} class={TONE_CLASSES[tone] ?? 'dim'}>
          {text}
        </span>
      ))}
    </>
  );
}
