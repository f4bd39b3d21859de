import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { costOf, count, formatDuration, grouped, tokens, totalTokens } from '../amounts.ts';
import { edgeOf } from '../trace-summary.ts';
import { type FinishedSpan, isTranscription, type Row, type Time } from '../tree.ts';
import { ownTokens } from '../usage.ts';
import { isFailed, shownErrorType, typeOf } from '../viewed-trace.ts';
import type { Voice } from '../voice.ts';
import { select, toggle } from './actions.ts';
import { Bar } from './bar.tsx';
import type { TimePart } from './critical-path.ts';
import { Scores } from './record.tsx';
import { finishOf, previewOf } from './row-preview.ts';
import { placeOnAxis, type TimeRange } from './time-axis.ts';
import { kindOf, type TimelineItem, usageOf } from './timeline-items.ts';

/** The number of scores beside the name of a span. The inspector has all. */
const MAX_SHOWN_SCORES = 3;

interface TimelineRowProps {
  readonly item: TimelineItem;
  /** Its place in the list, in pixels. */
  readonly top: number;
  readonly range: TimeRange;
  readonly voice: Voice | undefined;
  /** The parts of its time that the end of the trace waited for. */
  readonly critical: readonly TimePart[] | undefined;
  readonly columns: { readonly tokens: number; readonly cost: number };
  readonly isSelected: boolean;
  /** Whether the tab key reaches it. */
  readonly isActive: boolean;
  /** Whether it matches the filter itself. */
  readonly isFound: boolean;
}

/** A row of the timeline: the name of a span with what stands beside it, its facts and its bar. */
export function TimelineRow(props: TimelineRowProps): VNode {
  const { item, top, range, columns, isSelected, isActive, isFound } = props;
  const { span } = item.row.node;
  const { start, end } = timesOf(item);
  const hasFailed = isFailed(span) && item.group === undefined;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all rows.
    <div
      role="treeitem"
      id={`span-${item.id}`}
      aria-level={item.depth}
      aria-selected={isSelected}
      aria-expanded={item.isClosed === undefined ? undefined : !item.isClosed}
      tabIndex={isActive ? 0 : -1}
      class={`row ${typeOf(span)}${isFound ? '' : ' aside'}`}
      style={{ top: `${top}px`, '--type': hasFailed ? 'var(--bad)' : `var(--${typeOf(span)})` }}
      onClick={() => (item.group === undefined ? select(item.row) : toggle(item))}
    >
      <RowName item={item} />
      {columns.tokens > 0 && <span class="fact tokens">{tokensOf(item)}</span>}
      {columns.cost > 0 && <span class="fact cost">{costText(item)}</span>}
      <span class="fact time">{timeText(item)}</span>
      <Track {...props} left={placeOnAxis(start, range)} right={placeOnAxis(end, range)} />
    </div>
  );
}

/** From the first start to the last end of its spans. */
export function timesOf({ row, group = [row] }: TimelineItem): { readonly start: Time; readonly end: Time } {
  const spans = group.map(({ node }) => node.span);
  const start = edgeOf(
    spans.map(({ startTime }) => startTime),
    -1,
  );
  const end = edgeOf(
    spans.map(({ endTime }) => endTime),
    1,
  );
  return { start, end };
}

export function timeText(item: TimelineItem): string {
  const { start, end } = timesOf(item);
  return formatDuration(start, end);
}

/** Spans that the bar of a group shows. */
const MAX_GROUP_PARTS = 500;

function Track(props: TimelineRowProps & { readonly left: number; readonly right: number }): VNode {
  const { item, range, voice, critical = [], left } = props;
  const right = Math.max(props.right, left);
  const placed = (from: Time, to: Time): { readonly left: string; readonly width: string } => {
    const start = placeOnAxis(from, range);
    return { left: `${start}%`, width: `${Math.max(placeOnAxis(to, range) - start, 0)}%` };
  };
  if (right < 0 || left > 100) return <span class="track" />;
  return (
    <span class="track">
      {item.group === undefined ? (
        <Bar node={item.row.node} left={left} right={right} voice={voice} />
      ) : (
        item.group
          .slice(0, MAX_GROUP_PARTS)
          .map(({ id, node: { span } }) => (
            <span
              key={id}
              class={isFailed(span) ? 'bar bad-part' : 'bar'}
              style={placed(span.startTime, span.endTime)}
            />
          ))
      )}
      {critical.map(({ from, to }, i) => (
        <span key={i} class="critical" style={placed(from, to)} />
      ))}
    </span>
  );
}

function RowName({ item }: { readonly item: TimelineItem }): VNode {
  const { row, group, hidden, isClosed } = item;
  const { span } = row.node;
  const indentation = Math.min(item.depth - 1, 20) * 14 + (isClosed === undefined ? 16 : 0);
  // A press expands or collapses the row without selecting it.
  const onToggle = (event: Event): void => {
    event.stopPropagation();
    toggle(item);
  };
  return (
    <span class="name" style={{ paddingInlineStart: `${indentation}px` }}>
      {isClosed !== undefined && <span class="toggle" aria-hidden="true" onClick={onToggle} />}
      <span class="sign" aria-hidden="true" />
      {group === undefined ? (
        <SpanName row={row} />
      ) : (
        <>
          <span class="label">{`${grouped(group.length)} × ${kindOf(row).slice(0, 200)}`}</span>
          <span class="failure">
            {count(group.filter(({ node }) => isFailed(node.span)).length, 'error')}
          </span>
        </>
      )}
      {hidden > 0 && <span class="hidden-rows">{`${grouped(hidden)} hidden`}</span>}
      {group === undefined && <Preview span={span} />}
    </span>
  );
}

function SpanName({ row: { node } }: { readonly row: Row }): VNode {
  const { span } = node;
  // The names of parameters say nothing: the end of the path does.
  const label = span.name.slice(0, 200).replaceAll(/\{\w+\}/g, '…');
  return (
    <>
      <span class="label" title={span.name.slice(0, 1000)}>
        {label}
      </span>
      {span.isOpen && <span class="badge going">in progress</span>}
      {isFailed(span) && <span class="failure">{shownErrorType(span)}</span>}
      <Scores span={span} limit={MAX_SHOWN_SCORES} />
    </>
  );
}

function Preview({ span }: { readonly span: FinishedSpan }): VNode {
  const finish = isTranscription(span) || isFailed(span) ? undefined : finishOf(span);
  return (
    <>
      {finish !== undefined && <span class="badge going">{finish.slice(0, 40)}</span>}
      <span class="preview">{previewOf(span)}</span>
    </>
  );
}

/** The tokens of the span itself, or else the total of the spans below it, or else an estimate. */
export function tokensOf({ row, group }: TimelineItem): string | undefined {
  const { attributes } = row.node.span;
  const total =
    tokens(attributes[ATTR.OPENAI_TOTAL_INPUT_TOKENS], attributes[ATTR.OPENAI_TOTAL_OUTPUT_TOKENS]) ??
    totalTokens(usageOf([row]));
  const shown =
    group === undefined ? (ownTokens(attributes) ?? (total && `Σ ${total}`)) : totalTokens(usageOf(group));
  return shown?.replace(' tokens', '');
}

export function costText({ row, group }: TimelineItem): string | undefined {
  const { attributes } = row.node.span;
  const total = attributes[ATTR.OPENAI_TOTAL_COST];
  const { cost, unpriced } = usageOf(group ?? [row]);
  if (group !== undefined || (attributes[ATTR.OPENAI_COST] === undefined && total === undefined))
    return costOf(cost, unpriced);
  return costOf(attributes[ATTR.OPENAI_COST], 0) ?? costOf(total, attributes[ATTR.OPENAI_TOTAL_UNPRICED]);
}
