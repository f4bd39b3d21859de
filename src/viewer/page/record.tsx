import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { count, formatDuration, grouped } from '../amounts.ts';
import { evaluationsOf, evaluationText } from '../evaluations.ts';
import type { ShownSpan } from '../page-span.ts';
import type { FinishedSpan, Row } from '../tree.ts';
import { filterBy } from './actions.ts';
import { pretty, TextBlock } from './content.tsx';
import { opened } from './state.ts';

type FactRow = readonly [name: string, value: string];

/** The number of events rendered at once. A button shows more. */
const EVENT_PAGE_SIZE = 200;

/** Whether it is an id, by the name of the attribute. */
export function isIdRow([name]: FactRow): boolean {
  return /\.id$/.test(name);
}

export function attributeRows(attributes: Readonly<Record<string, unknown>>): FactRow[] {
  return Object.entries(attributes)
    .map(([name, value]): FactRow => [name, pretty(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

interface EverythingProps {
  readonly row: Row;
  readonly attributes: readonly FactRow[];
}

/** Everything that was recorded, which can be searched and copied. */
export function Everything({ row, attributes }: EverythingProps): VNode {
  const [words, setWords] = useState('');
  const span = row.node.span as ShownSpan;
  const { traceId, spanId } = span.spanContext();
  const { start = span.startTime } = opened.value?.trace.summary ?? {};
  const isSearched = words !== '';
  return (
    <details>
      <summary>{`Everything recorded (${count(attributes.length, 'attribute') ?? 'no attribute'})`}</summary>
      <div class="tools">
        <input
          type="search"
          aria-label="Search the attributes"
          placeholder="Search"
          onInput={({ currentTarget }) => setWords(currentTarget.value.trim().toLowerCase())}
        />
      </div>
      <div class="record">
        <FactTable
          caption="Attributes"
          facts={attributes.filter((pair) => pair.some((text) => text.toLowerCase().includes(words)))}
        />
        {!isSearched && <EventTables span={span} />}
        {!isSearched && (
          <FactTable caption="Process" facts={attributeRows(span.resource?.attributes ?? {})} />
        )}
        {!isSearched && (
          <FactTable
            caption="Span"
            facts={[
              ['Starts after', formatDuration(start, span.startTime)],
              ['Trace', traceId],
              ['Span', spanId],
            ]}
          />
        )}
      </div>
    </details>
  );
}

function EventTables({ span: { events, startTime } }: { readonly span: ShownSpan }): VNode {
  const [limit, setLimit] = useState(EVENT_PAGE_SIZE);
  const rest = events.length - limit;
  return (
    <div>
      {events.slice(0, limit).map(({ name, time, attributes = {} }, i) => (
        <FactTable
          key={i}
          caption={`Event ${name}, after ${formatDuration(startTime, time)}`}
          facts={attributeRows(attributes)}
        />
      ))}
      {rest > 0 && (
        <button type="button" class="more" onClick={() => setLimit(limit + EVENT_PAGE_SIZE)}>
          {`Show more events (${grouped(rest)})`}
        </button>
      )}
    </div>
  );
}

interface ScoresProps {
  readonly span: FinishedSpan;
  readonly limit: number;
}

/** The evaluations of a span, in short. */
export function Scores({ span, limit }: ScoresProps): VNode {
  const evaluations = evaluationsOf((span as ShownSpan).events);
  return (
    <>
      {evaluations.slice(0, limit).map((each, i) => (
        <span class="evaluation" title={each.explanation} key={i}>
          {evaluationText(each).slice(0, 200)}
        </span>
      ))}
    </>
  );
}

interface FactTableProps {
  readonly caption: string;
  readonly facts: readonly FactRow[];
}

export function FactTable({ caption, facts }: FactTableProps): VNode | null {
  if (facts.length === 0) return null;
  return (
    <table>
      <caption>{caption}</caption>
      {facts.map((fact) => (
        <tr key={fact[0]}>
          <th scope="row">{fact[0]}</th>
          <td>
            <FactCell fact={fact} />
          </td>
        </tr>
      ))}
    </table>
  );
}

/** An id becomes a button that sets the filter. */
function FactCell({ fact }: { readonly fact: FactRow }): VNode {
  const [, value] = fact;
  if (!isIdRow(fact)) return <TextBlock text={value} className={/^[[{]/.test(value) ? 'code' : ''} />;
  return (
    <button type="button" class="link" title="Show the spans with this id" onClick={() => filterBy(value)}>
      {value.slice(0, 200)}
    </button>
  );
}
