import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { count, grouped } from '../format-amounts.ts';
import { contentOf } from '../span-content.ts';
import { spanFacts } from '../span-details.ts';
import { excerptOf } from '../trace-filter.ts';
import { isFailed, kindOf, shownErrorType, typeOf, type ViewedSpan } from '../viewed-span.ts';
import { select, toggle } from './actions.ts';
import { Track } from './bar.tsx';
import { Evaluations } from './elements.tsx';
import { active, filterWords, foundRows, selected } from './state.ts';
import { numberColumns, type TimelineItem, timelineItems } from './timeline-items.ts';

/** The maximum number of evaluations beside the name of a span. The span's panel shows more. */
const MAX_ROW_EVALUATIONS = 3;

const MAX_PREVIEWED_URL = 200;

interface TimelineRowProps {
  readonly item: TimelineItem;
  readonly isActive: boolean;
}

export function TimelineRow({ item, isActive }: TimelineRowProps): VNode {
  const { row, isGroup, isClosed } = item;
  const type = typeOf(row.span);
  return (
    <div
      role="treeitem"
      id={`span-${item.id}`}
      aria-level={item.depth}
      aria-selected={!isGroup && row === selected.value}
      aria-expanded={isClosed === undefined ? undefined : !isClosed}
      tabIndex={isActive ? 0 : -1}
      class={`row ${type}${foundRows.value.has(row) ? '' : ' aside'}`}
      style={{ '--type': `var(--${isFailed(row.span) && !isGroup ? 'bad' : type})` }}
      onClick={() => chooseItem(item)}
      onKeyDown={(event) => onKey(event, item)}
    >
      <RowName item={item} />
      {numberColumns.value.map(([label, textOf]) => (
        <span key={label} class={`fact ${label.toLowerCase().replace(' ', '-')} small dim clip`}>
          {textOf(item)}
        </span>
      ))}
      <Track item={item} />
    </div>
  );
}

function chooseItem(item: TimelineItem): void {
  if (item.isGroup) toggle(item);
  else select(item.row);
}

/** Handles keys as the ARIA Authoring Practices describe for a tree view. */
function onKey(event: KeyboardEvent, item: TimelineItem): void {
  const { key, altKey, ctrlKey, metaKey } = event;
  if (altKey || ctrlKey || metaKey) return;
  const { value: items } = timelineItems;
  const { isClosed, parent } = item;
  const place = items.indexOf(item);
  const target = {
    ArrowDown: items[place + 1],
    ArrowUp: items[place - 1],
    ArrowRight: isClosed === false ? items[place + 1] : undefined,
    ArrowLeft: isClosed === false ? undefined : items.find(({ id }) => id === parent),
    Home: items[0],
    End: items.at(-1),
  }[key];
  const togglesAt = isClosed === undefined ? undefined : isClosed ? 'ArrowRight' : 'ArrowLeft';
  if (target !== undefined) active.value = { id: target.id, focus: true };
  else if (key === togglesAt) toggle(item);
  else if (key === 'Enter' || key === ' ') chooseItem(item);
  else return;
  event.preventDefault();
}

function RowName({ item }: { readonly item: TimelineItem }): VNode {
  const { row, rows, isGroup, hidden, isClosed } = item;
  const { span } = row;
  const { value: words } = filterWords;
  const preview = useMemo(() => excerptOf([row], words) ?? previewOf(span), [span, words]);
  const indentation = Math.min(item.depth - 1, 20) * 14 + (isClosed === undefined ? 16 : 0);
  const failed = rows.filter((each) => isFailed(each.span)).length;
  const error = isGroup || failed === 0 ? count(failed, 'error') : shownErrorType(span);
  const facts = isGroup ? [] : spanFacts(row);
  const warnings = facts.filter(({ text, tone }) => tone === 'warning' && text !== 'error');
  const badges = [...warnings.map(({ text }) => text), hidden > 0 && `${grouped(hidden)} hidden`];
  // Expands or collapses the row without selecting it.
  const onToggle = (event: Event): void => {
    event.stopPropagation();
    toggle(item);
  };
  return (
    <span class="name" style={{ paddingInlineStart: `${indentation}px` }}>
      {isClosed !== undefined && (
        <span class="toggle dim" aria-hidden="true" onClick={onToggle}>
          {isClosed ? '▸' : '▾'}
        </span>
      )}
      <span class="sign" aria-hidden="true" />
      <span class="label clip" title={isGroup ? undefined : span.name.slice(0, 1000)}>
        {isGroup
          ? `${grouped(rows.length)} × ${kindOf(span).slice(0, 200)}`
          : // Shortens the parameters in a path to `…`, so that the end of the path is visible.
            span.name.slice(0, 200).replaceAll(/\{\w+\}/g, '…')}
      </span>
      {error && <span class="failure small clip">{error}</span>}
      {!isGroup && <Evaluations span={span} limit={MAX_ROW_EVALUATIONS} />}
      {badges.map((text) => text && <span class="badge clip">{text}</span>)}
      {!isGroup && (
        <span class="preview small dim clip" dir="auto">
          {preview}
        </span>
      )}
    </span>
  );
}

/** What a span did, in a few words: what it answered, the tools that it requested, what it was asked, or its path. */
function previewOf(span: ViewedSpan): string {
  const lines = contentOf(span.attributes);
  // Messages are represented by the answer, or else by the question.
  const shown = lines.some(({ role }) => role !== undefined) ? lines.slice(-1) : lines;
  return shown.map(({ text }) => text).join(' → ') || requestedPath(span);
}

function requestedPath({ name, attributes }: ViewedSpan): string {
  const url = attributes['url.full'] ?? attributes['http.url'] ?? attributes['url.path'];
  if (typeof url !== 'string') return '';
  const path = url.slice(0, MAX_PREVIEWED_URL).replace(/^\w+:\/\/[^/]*/, '') || '/';
  return name.includes(path) ? '' : path;
}
