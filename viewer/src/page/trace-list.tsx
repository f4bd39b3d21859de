import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { costOf, count, formatDuration, grouped, joinedFacts } from '../format-amounts.ts';
import { spanUsage, tokenSum, totalTokens } from '../span-usage.ts';
import { excerptOf } from '../trace-filter.ts';
import { isFailed, shownErrorType } from '../viewed-span.ts';
import { choose, showConversation, showTotals, stopComparing } from './actions.ts';
import { Paged } from './content.tsx';
import { Button, clock } from './elements.tsx';
import { Badge } from './overview.tsx';
import { savePage } from './save.ts';
import {
  CALL_ORDERS,
  filterWords,
  go,
  hasConversation,
  isComparing,
  isConversation,
  isTotals,
  type ListedItem,
  listedEntries,
  listedItems,
  listedUsage,
  lists,
  ORDERS,
  opened,
  order,
  selected,
} from './state.ts';

/** The headings of what the list says of each trace or call. */
const COLUMNS = ['Start', 'Duration', 'Cost', 'Tokens', 'Errors'];
const LIST_PAGE_SIZE = 50;
/** Traces of today have no date. */
const TODAY = clock([Date.now() / 1e3, 0]).slice(0, 10);

export function TraceList(): VNode {
  const { dropped = 0 } = lists.value ?? {};
  const { cost, unpriced } = listedUsage.value;
  const { value: entries } = listedEntries;
  const older = count(dropped, 'older trace was dropped', 'older traces were dropped');
  return (
    <nav aria-label="Traces">
      <div class="line">
        <select
          aria-label="Order"
          value={order.value}
          onChange={({ currentTarget }) => go({ sort: currentTarget.value || undefined }, true)}
        >
          {Object.entries({ ...ORDERS, ...CALL_ORDERS }).map(([value, [label]]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <Button
          label={joinedFacts(['Totals', costOf(cost, unpriced)], ' ')}
          aria-pressed={isTotals.value}
          onClick={() => showTotals(!isTotals.value)}
        />
      </div>
      {hasConversation.value && (
        <Button
          label={`Conversation of ${count(listedEntries.value.length, 'trace')}`}
          aria-pressed={isConversation.value}
          onClick={showConversation}
        />
      )}
      {isComparing.value && (
        <p class="note" role="status">
          Choose what to compare with the open one.{' '}
          <Button label="✕" aria-label="Cancel" class="link" onClick={stopComparing} />
        </p>
      )}
      <div class="columns small dim" aria-hidden="true">
        {COLUMNS.map((label) => (
          <span key={label}>{label}</span>
        ))}
      </div>
      <Paged
        as="ul"
        items={listedItems.value}
        size={LIST_PAGE_SIZE}
        label="Show more"
        render={(item) => <ListedTrace key={`${item.entry.id} ${item.call?.id}`} {...item} />}
      />
      {entries.length > 1 && (
        <Button
          label={`Save these ${grouped(entries.length)} traces`}
          class="more"
          // A page drops its first traces if it is full, and the list has the newest first.
          onClick={() => savePage(entries.map(({ id }) => id).toReversed())}
        />
      )}
      {older && <p class="note">{older}</p>}
    </nav>
  );
}

function ListedTrace({ entry, call }: ListedItem): VNode {
  const { trace, foundRows: foundIn } = entry;
  const { summary } = trace;
  const { start, end } = call?.span ?? summary;
  const errors = call === undefined ? summary.errors.length : Number(isFailed(call.span));
  const usage = call === undefined ? summary : spanUsage(call.span.attributes);
  const tokens = tokenSum(usage);
  const excerpt = useMemo(
    () => excerptOf(call === undefined ? (foundIn ?? []) : [call], filterWords.value),
    [foundIn, call],
  );
  const said = summary.prompt?.slice(0, 200);
  const started = clock(start);
  const isOpen =
    !isTotals.value &&
    !isConversation.value &&
    entry === opened.value &&
    (call === undefined || call.id === selected.value?.id);
  return (
    <li>
      <button type="button" aria-current={isOpen ? 'true' : undefined} onClick={() => choose(entry.id, call)}>
        <span class="title line">
          <strong class="clip">{(call?.span.name ?? trace.title).slice(0, 100)}</strong>
          {said !== undefined && (
            <span class="prompt clip" dir="auto">
              {said}
            </span>
          )}
          {call === undefined && errors === 0 && <Badge entry={entry} isQuiet />}
          {call !== undefined && errors > 0 && (
            <span class="badge bad clip">{shownErrorType(call.span)}</span>
          )}
        </span>
        {excerpt !== undefined && !said?.startsWith(excerpt.slice(0, 30)) && (
          <span class="title excerpt small clip" dir="auto">
            {excerpt}
          </span>
        )}
        <span class="columns small dim">
          <span title={started}>
            {started.startsWith(TODAY) ? started.slice(11, 19) : started.slice(5, 16)}
          </span>
          <span class="clip">{formatDuration(start, end)}</span>
          <span class="clip">{costOf(usage.cost, usage.unpriced)}</span>
          <span class="clip" title={totalTokens(usage)}>
            {tokens !== undefined && grouped(tokens)}
          </span>
          <span class="failure">{errors > 0 && grouped(errors)}</span>
        </span>
      </button>
    </li>
  );
}
