import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import { count, grouped } from '../amounts.ts';
import { unusualFinish } from '../answer-end.ts';
import type { Row } from '../tree.ts';
import { isFailed, isTranscription } from '../viewed-span.ts';
import { shownErrorType, typeOf } from '../viewed-trace.ts';
import { select, toggle } from './actions.ts';
import { Track } from './bar.tsx';
import { Evaluations } from './facts.tsx';
import { previewOf } from './row-preview.ts';
import { foundRows, isFiltered, selected } from './state.ts';
import { costText, kindOf, type TimelineItem, timeText, tokensText } from './timeline-items.ts';

/** The maximum number of evaluations beside the name of a span. The inspector shows all. */
const MAX_ROW_EVALUATIONS = 3;

interface TimelineRowProps {
  readonly item: TimelineItem;
  readonly top: number;
  /** The widths of the columns of numbers; 0 for an empty column. */
  readonly columns: { readonly tokens: number; readonly cost: number };
  readonly isActive: boolean;
}

/** A row of the timeline: the name of a span and details beside it, its numbers, and its bar. */
export function TimelineRow({ item, top, columns, isActive }: TimelineRowProps): VNode {
  const { row, isGroup, isClosed } = item;
  const { span } = row;
  const type = typeOf(span);
  const isFound = !isFiltered.value || foundRows.value.has(row);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys of all rows.
    <div
      role="treeitem"
      id={`span-${item.id}`}
      aria-level={item.depth}
      aria-selected={!isGroup && row === selected.value}
      aria-expanded={isClosed === undefined ? undefined : !isClosed}
      tabIndex={isActive ? 0 : -1}
      class={`row ${type}${isFound ? '' : ' aside'}`}
      style={{ top: `${top}px`, '--type': `var(--${isFailed(span) && !isGroup ? 'bad' : type})` }}
      onClick={() => (isGroup ? toggle(item) : select(row))}
    >
      <RowName item={item} />
      {columns.tokens > 0 && <span class="fact small dim clip">{tokensText(item)}</span>}
      {columns.cost > 0 && <span class="fact small dim clip">{costText(item)}</span>}
      <span class="fact time small dim clip">{timeText(item)}</span>
      <Track item={item} />
    </div>
  );
}

function RowName({ item }: { readonly item: TimelineItem }): VNode {
  const { row, rows, isGroup, hidden, isClosed } = item;
  const indentation = Math.min(item.depth - 1, 20) * 14 + (isClosed === undefined ? 16 : 0);
  // Expands or collapses the row without selecting it.
  const onToggle = (event: Event): void => {
    event.stopPropagation();
    toggle(item);
  };
  return (
    <span class="name" style={{ paddingInlineStart: `${indentation}px` }}>
      {isClosed !== undefined && <span class="toggle dim" aria-hidden="true" onClick={onToggle} />}
      <span class="sign" aria-hidden="true" />
      {isGroup ? (
        <>
          <span class="label clip">{`${grouped(rows.length)} × ${kindOf(row).slice(0, 200)}`}</span>
          <span class="failure small clip">
            {count(rows.filter(({ span }) => isFailed(span)).length, 'error')}
          </span>
        </>
      ) : (
        <SpanName row={row} />
      )}
      {hidden > 0 && <span class="badge">{`${grouped(hidden)} hidden`}</span>}
      {!isGroup && <span class="preview small dim clip">{previewOf(row.span)}</span>}
    </span>
  );
}

function SpanName({ row: { span } }: { readonly row: Row }): VNode {
  // Leave out the names of parameters in a path, so that the end of the path is visible.
  const label = span.name.slice(0, 200).replaceAll(/\{\w+\}/g, '…');
  const finish =
    isTranscription(span) || isFailed(span)
      ? undefined
      : unusualFinish(span.attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS])?.slice(0, 40);
  const state = span.isOpen ? 'in progress' : finish;
  return (
    <>
      <span class="label clip" title={span.name.slice(0, 1000)}>
        {label}
      </span>
      {isFailed(span) && <span class="failure small clip">{shownErrorType(span)}</span>}
      <Evaluations span={span} limit={MAX_ROW_EVALUATIONS} />
      {state !== undefined && <span class="badge">{state}</span>}
    </>
  );
}
