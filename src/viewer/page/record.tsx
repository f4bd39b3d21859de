import type { VNode } from 'preact';
import { count, formatDuration, formatMilliseconds } from '../amounts.ts';
import type { ViewedSpan } from '../viewed-span.ts';
import { filterBy } from './actions.ts';
import { formatted, LongText, Paged } from './content.tsx';
import { Table } from './facts.tsx';
import { spanTime } from './time-axis.ts';

type AnyAttributes = Readonly<Record<string, unknown>>;

const EVENT_PAGE_SIZE = 200;
/** The maximum number of ids shown. The recorded attributes below include all of them. */
const MAX_ID_ROWS = 20;

function isId(name: string): boolean {
  return name.endsWith('.id');
}

function AttributeTable({
  caption,
  attributes,
}: {
  readonly caption: string;
  readonly attributes: AnyAttributes;
}) {
  const rows = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <Table
      caption={caption}
      rows={rows.map(([name, value]) => [name, <Value name={name} value={value} />])}
    />
  );
}

/** A value. An id is a button that sets the filter to it. */
function Value({ name, value }: { readonly name: string; readonly value: unknown }): VNode {
  const text = formatted(value);
  if (!isId(name)) return <LongText text={text} />;
  return (
    <button type="button" class="link" title="Show the spans with this id" onClick={() => filterBy(text)}>
      {text.slice(0, 200)}
    </button>
  );
}

export function Ids({ span }: { readonly span: ViewedSpan }): VNode {
  const ids = Object.entries(span.attributes).filter(([name]) => isId(name));
  return <AttributeTable caption="Ids" attributes={Object.fromEntries(ids.slice(0, MAX_ID_ROWS))} />;
}

export function Everything({ span }: { readonly span: ViewedSpan }): VNode {
  const { traceId, spanId, attributes, events = [], resource = {}, start } = span;
  return (
    <details>
      <summary>
        {`Everything recorded (${count(Object.keys(attributes).length, 'attribute') ?? 'no attribute'})`}
      </summary>
      <div class="record stack">
        <AttributeTable caption="Attributes" attributes={attributes} />
        <Paged
          items={events}
          size={EVENT_PAGE_SIZE}
          label="Show more events"
          render={({ name, time, attributes: more = {} }, i) => (
            <AttributeTable
              key={i}
              caption={`Event ${name}, after ${formatDuration(start, time)}`}
              attributes={more}
            />
          )}
        />
        <AttributeTable caption="Process" attributes={resource} />
        <Table
          caption="Span"
          rows={[
            ['Starts after', formatMilliseconds(spanTime(span).from)],
            ['Trace', traceId],
            ['Span', spanId],
          ]}
        />
      </div>
    </details>
  );
}
