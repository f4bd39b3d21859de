import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { costOf, dollars, estimatedTokens, formatDuration, tokens } from '../amounts.ts';
import { evaluationsOf, evaluationText } from '../evaluations.ts';
import { attributeText } from '../messages.ts';
import type { ShownSpan } from '../page-span.ts';
import type { Row } from '../tree.ts';
import { isFailed, typeOf } from '../viewed-trace.ts';
import type { Voice } from '../voice.ts';
import { Bar } from './bar.tsx';
import { select, toggle } from './state.ts';
import { placeOnAxis, type TimeRange } from './time-axis.ts';

/** The number of scores beside the name of a span. The inspector has all. */
const MAX_SHOWN_SCORES = 3;

interface TimelineRowProps {
  readonly row: Row;
  /** Its place in the list, in pixels. */
  readonly top: number;
  readonly range: TimeRange;
  readonly voice: Voice | undefined;
  readonly isSelected: boolean;
  /** Whether the tab key reaches it. */
  readonly isActive: boolean;
  /** Whether it matches the filter itself. */
  readonly isFound: boolean;
  readonly isClosed: boolean;
}

/** A row of the timeline: the name of a span with what stands beside it, its facts and its bar. */
export function TimelineRow(props: TimelineRowProps): VNode {
  const { row, top, range, voice, isSelected, isActive, isFound, isClosed } = props;
  const { span } = row.node;
  const left = placeOnAxis(span.startTime, range);
  const right = Math.max(placeOnAxis(span.endTime, range), left);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all rows.
    <div
      role="treeitem"
      id={`span-${row.id}`}
      aria-level={row.depth}
      aria-selected={isSelected}
      aria-expanded={row.node.children.length > 0 ? !isClosed : undefined}
      tabIndex={isActive ? 0 : -1}
      class={`row ${typeOf(span)}${isFailed(span) ? ' failed' : ''}${isFound ? '' : ' aside'}`}
      style={{ top: `${top}px` }}
      onClick={() => select(row)}
    >
      <RowName row={row} />
      <span class="fact tokens">{tokensOf(span.attributes)}</span>
      <span class="fact cost">
        {dollars(span.attributes[ATTR.OPENAI_COST]) ??
          costOf(span.attributes[ATTR.OPENAI_TOTAL_COST], span.attributes[ATTR.OPENAI_TOTAL_UNPRICED])}
      </span>
      <span class="fact time">{formatDuration(span.startTime, span.endTime)}</span>
      <span class="track">
        {right >= 0 && left <= 100 && <Bar node={row.node} left={left} right={right} voice={voice} />}
      </span>
    </div>
  );
}

function RowName({ row }: { readonly row: Row }): VNode {
  const { span, children } = row.node;
  const hasChildren = children.length > 0;
  const indentation = Math.min(row.depth - 1, 20) * 14 + (hasChildren ? 0 : 16);
  // A press expands or collapses the row without selecting it.
  const onToggle = (event: Event): void => {
    event.stopPropagation();
    toggle(row);
  };
  return (
    <span class="name" style={{ paddingInlineStart: `${indentation}px` }}>
      {hasChildren && <span class="toggle" aria-hidden="true" onClick={onToggle} />}
      <span class="sign" aria-hidden="true" />
      <span class="label" title={span.name.slice(0, 1000)}>
        {span.name.slice(0, 200)}
      </span>
      {isFailed(span) && (
        <span class="failure">{attributeText(span.attributes[ATTR.ERROR_TYPE] ?? 'error').slice(0, 60)}</span>
      )}
      {evaluationsOf((span as ShownSpan).events)
        .slice(0, MAX_SHOWN_SCORES)
        .map((each, i) => (
          <span class="badge" title={each.explanation} key={i}>
            {evaluationText(each).slice(0, 200)}
          </span>
        ))}
    </span>
  );
}

/** The tokens of the span itself, or else the total of the spans below it, or else an estimate. */
function tokensOf(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const own = tokens(attributes[ATTR.GEN_AI_USAGE_INPUT_TOKENS], attributes[ATTR.GEN_AI_USAGE_OUTPUT_TOKENS]);
  const total = tokens(
    attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS],
    attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS],
  );
  const estimated = estimatedTokens(attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS]);
  return (own ?? (total && `Σ ${total}`) ?? estimated)?.replace(' tokens', '');
}
