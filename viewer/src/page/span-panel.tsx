import type { VNode } from 'preact';
import { count, formatDuration } from '../format-amounts.ts';
import { attributeText, readMessages, readParts, type SpanMessage, type SpanPart } from '../messages.ts';
import * as ATTR from '../semconv/attributes.ts';
import { exchangeOf } from '../span-content.ts';
import { requestSettings } from '../span-details.ts';
import type { Row } from '../tree.ts';
import { isFailed, type SpanAttributes, shownErrorType, typeOf, type ViewedSpan } from '../viewed-span.ts';
import { filterBy } from './actions.ts';
import { CopyButton, Folded, formatted, LongText, Paged, Said, ToolBlock } from './content.tsx';
import { Button, Evaluations, FactList, Table } from './elements.tsx';
import { curlOf, isRepeatable, typeScriptOf } from './request-code.ts';
import { selected } from './state.ts';
import { factsOf } from './timeline-items.ts';
import { ToolLinks } from './tool-links.tsx';

const EVENT_PAGE_SIZE = 200;
/** How many ids are shown. "Everything recorded" has all of them. */
const MAX_ID_ROWS = 20;
/** How many inputs, outputs and evaluations are shown. "Everything recorded" has all of them. */
const MAX_SHOWN_MESSAGES = 50;

export function SpanPanel(): VNode {
  const { value: row } = selected;
  if (row === undefined) return <p class="dim nothing">Select a span in the timeline.</p>;
  const { span } = row;
  const ids = Object.entries(span.attributes).filter(([name]) => isId(name));
  return (
    <div class="inspector stack" key={row.id}>
      <h3>{span.name.slice(0, 1000)}</h3>
      <FactList facts={[...factsOf(row), ...requestSettings(span.attributes)]} />
      {typeOf(span) === 'tool' && <ToolLinks row={row} />}
      <CopyButtons span={span} />
      {isFailed(span) && (
        <p class="note bad">
          <strong class="failure">{shownErrorType(span)}</strong>
          {` ${span.message?.slice(0, 2000) ?? ''}`}
        </p>
      )}
      <Evaluations span={span} limit={MAX_SHOWN_MESSAGES} isExplained />
      <SpanContent row={row} />
      <AttributeTable caption="Ids" attributes={Object.fromEntries(ids.slice(0, MAX_ID_ROWS))} />
      <Everything span={span} />
    </div>
  );
}

function CopyButtons({ span }: { readonly span: ViewedSpan }): VNode {
  const { name, traceId, spanId, attributes, events } = span;
  const json = (): string => JSON.stringify({ name, traceId, spanId, attributes, events }, undefined, 2);
  return (
    <div class="line">
      <CopyButton label="Copy as JSON" text={json} />
      {isRepeatable(span) && (
        <>
          <CopyButton label="Copy as curl" text={() => curlOf(span)} />
          <CopyButton label="Copy as TypeScript" text={() => typeScriptOf(span)} />
        </>
      )}
    </div>
  );
}

function SpanContent({ row }: { readonly row: Row }): VNode {
  const { attributes } = row.span;
  const messageBlock = ({ role, parts }: SpanMessage, i: number): VNode => (
    <Said key={i} by={role} parts={parts} row={row} />
  );
  const tools = readParts(attributes[ATTR.GEN_AI_TOOL_DEFINITIONS]) ?? [];
  const { input, output } = exchangeOf(attributes);
  const instructions = readParts(attributes[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]);
  const asked = shownMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]);
  const answered = shownMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]);
  const hasExchange = (input ?? output) !== undefined;
  // The messages before the last one are history, which is folded.
  const history = asked.slice(-MAX_SHOWN_MESSAGES, -1);
  return (
    <>
      {hasExchange && <ToolBlock input={input} output={output} />}
      {tools.length > 0 && <ToolsOffered tools={tools} />}
      {instructions !== undefined && <Said by="system" parts={instructions} row={row} />}
      {history.length > 0 && (
        <Folded label={count(asked.length - 1, 'earlier message') ?? ''}>{history.map(messageBlock)}</Folded>
      )}
      {[...asked.slice(-1), ...answered.slice(0, MAX_SHOWN_MESSAGES)].map(messageBlock)}
    </>
  );
}

/** The messages in an attribute. If it was cut for the page and cannot be parsed, its text is shown as one message. */
function shownMessages(value: unknown): SpanMessage[] {
  if (value === undefined) return [];
  return readMessages(value) ?? [{ role: '', parts: [{ type: 'text', content: value }] }];
}

const MAX_TOOL_NAMES = 300;

function ToolsOffered({ tools }: { readonly tools: readonly SpanPart[] }): VNode {
  const names = tools.map(({ name, type }) => attributeText(name ?? type ?? 'tool'));
  return (
    <Folded label={`${count(tools.length, 'tool')} offered: ${names.join(', ').slice(0, MAX_TOOL_NAMES)}`}>
      <LongText text={formatted(tools)}>{(shown) => <div class="text code small">{shown}</div>}</LongText>
    </Folded>
  );
}

function isId(name: string): boolean {
  return name.endsWith('.id');
}

interface AttributeTableProps {
  readonly caption: string;
  readonly attributes: SpanAttributes;
}

function AttributeTable({ caption, attributes }: AttributeTableProps): VNode {
  const rows = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const text = formatted(value);
      if (!isId(name)) return [name, <LongText text={text} />];
      return [name, <Button label={text.slice(0, 200)} class="link" onClick={() => filterBy(name, text)} />];
    });
  return <Table caption={caption} rows={rows} />;
}

function Everything({ span }: { readonly span: ViewedSpan }): VNode {
  const { traceId, spanId, attributes, events = [], resource = {}, start } = span;
  return (
    <details>
      <summary>
        {`Everything recorded (${count(Object.keys(attributes).length, 'attribute') ?? 'no attribute'})`}
      </summary>
      <div class="stack">
        <AttributeTable caption="Attributes" attributes={attributes} />
        <Paged
          as="div"
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
        <AttributeTable caption="Span" attributes={{ 'trace.id': traceId, 'span.id': spanId }} />
      </div>
    </details>
  );
}
