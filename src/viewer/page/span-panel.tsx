import type { VNode } from 'preact';
import * as ATTR from '../../semconv/attributes.ts';
import {
  count,
  dollars,
  explainedCost,
  formatDuration,
  formatMilliseconds,
  grouped,
  isNumber,
} from '../amounts.ts';
import { attributeText, isRecord, parseShortJson, readMessages, type SpanMessage } from '../messages.ts';
import { modalitiesOf } from '../modalities.ts';
import { toolExchange } from '../span-content.ts';
import type { Row } from '../tree.ts';
import { ownTokens, reportedTotal } from '../usage.ts';
import { isFailed, type SpanAttributes, type ViewedSpan } from '../viewed-span.ts';
import { shownErrorType } from '../viewed-trace.ts';
import { filterBy } from './actions.ts';
import { firstChunkText } from './bar.tsx';
import { CopyButton, Folded, formatted, LongText, Paged, PartBlock, Said, ToolBlock } from './content.tsx';
import { criticalPath } from './critical-path.ts';
import { Evaluations, FactList, modalityFact, Table } from './facts.tsx';
import { curlOf, isRepeatable, typeScriptOf } from './request-code.ts';
import { selected, voices } from './state.ts';
import { spanTime } from './time-axis.ts';

const EVENT_PAGE_SIZE = 200;
/** The maximum number of ids shown. The recorded attributes below include all of them. */
const MAX_ID_ROWS = 20;
/** The maximum number of messages (the newest) and parts of instructions shown. The span's attributes have all. */
const MAX_SHOWN_MESSAGES = 50;

export function SpanPanel(): VNode {
  const { value: row } = selected;
  if (row === undefined) return <p class="dim nothing">Select a span in the timeline.</p>;
  return <Inspector key={row.id} row={row} />;
}

/** Shows a span: first what it did in short, then what was said, and then everything that was recorded. */
function Inspector({ row }: { readonly row: Row }): VNode {
  const { span } = row;
  const spending = voices.value.get(row)?.parts ?? [row];
  const modalities = modalitiesOf(spending.map((each) => each.span.attributes));
  return (
    <div class="inspector stack">
      <h3>{span.name.slice(0, 1000)}</h3>
      <FactList facts={[...factsOf(span), ...modalities.map(modalityFact)]} />
      <CopyButtons span={span} />
      <FailureText span={span} />
      <Evaluations span={span} limit={MAX_SHOWN_MESSAGES} isExplained />
      <SpanContent span={span} />
      <Ids span={span} />
      <Everything row={row} />
    </div>
  );
}

function CopyButtons({ span }: { readonly span: ViewedSpan }): VNode {
  const { name, traceId, spanId, attributes, events } = span;
  const json = (): string => JSON.stringify({ name, traceId, spanId, attributes, events }, undefined, 2);
  const codes = [
    ['Copy as curl', curlOf],
    ['Copy as TypeScript', typeScriptOf],
  ] as const;
  return (
    <div class="line">
      <CopyButton label="Copy as JSON" text={json} />
      {isRepeatable(span) &&
        codes.map(([label, codeOf]) => <CopyButton key={label} label={label} text={() => codeOf(span)} />)}
    </div>
  );
}

function factsOf(span: ViewedSpan): (readonly [label: string, value: string | undefined])[] {
  const { attributes } = span;
  const finish = attributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS];
  return [
    ['Model', textOf(attributes[ATTR.GEN_AI_RESPONSE_MODEL] ?? attributes[ATTR.GEN_AI_REQUEST_MODEL])],
    ['Tokens', (ownTokens(attributes) ?? reportedTotal(attributes))?.replace(' tokens', '')],
    ['Cached', countText(attributes[ATTR.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS])],
    ['Reasoning', countText(attributes[ATTR.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS])],
    [
      'Cost',
      dollars(attributes[ATTR.OPENAI_COST]) ??
        explainedCost(attributes[ATTR.OPENAI_TOTAL_COST], attributes[ATTR.OPENAI_TOTAL_UNPRICED]),
    ],
    ['Duration', formatDuration(span.start, span.end)],
    ['First chunk', firstChunkText(attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK])],
    ['Finish', Array.isArray(finish) ? finish.map(attributeText).join(', ').slice(0, 200) : textOf(finish)],
    ['Run', textOf(attributes[ATTR.OPENAI_RUN_STATUS])],
  ];
}

function FailureText({ span }: { readonly span: ViewedSpan }): VNode | null {
  if (!isFailed(span)) return null;
  const { message } = span;
  return (
    <p class="failed-with">
      <strong class="failure">{shownErrorType(span)}</strong>
      {message ? ` ${message.slice(0, 2000)}` : ''}
    </p>
  );
}

/** The messages of a span, or the arguments and the result of a tool call, if content was recorded. */
function SpanContent({ span: { attributes } }: { readonly span: ViewedSpan }): VNode | null {
  const { input, output } = toolExchange(attributes);
  const instructions = parseShortJson(attributes[ATTR.GEN_AI_SYSTEM_INSTRUCTIONS]);
  const asked = shownMessages(attributes[ATTR.GEN_AI_INPUT_MESSAGES]);
  const answered = shownMessages(attributes[ATTR.GEN_AI_OUTPUT_MESSAGES]);
  const hasExchange = input !== undefined || output !== undefined;
  if (!hasExchange && !Array.isArray(instructions) && asked.length + answered.length === 0)
    return attributes[ATTR.GEN_AI_OPERATION_NAME] === undefined ? null : (
      <p class="dim">No content was recorded.</p>
    );
  // The messages before the last one are history, which is folded.
  const history = asked.slice(-MAX_SHOWN_MESSAGES, -1);
  return (
    <>
      {hasExchange && <ToolBlock input={input} output={output} />}
      {Array.isArray(instructions) && (
        <Folded label="Instructions">
          {instructions
            .filter(isRecord)
            .slice(0, MAX_SHOWN_MESSAGES)
            .map((part, i) => (
              <PartBlock key={i} part={part} />
            ))}
        </Folded>
      )}
      {history.length > 0 && (
        <Folded label={count(asked.length - 1, 'earlier message') ?? ''}>
          <Messages messages={history} />
        </Folded>
      )}
      <Messages messages={asked.slice(-1)} />
      <Messages messages={answered.slice(0, MAX_SHOWN_MESSAGES)} />
    </>
  );
}

/** The messages in an attribute. If it was cut for the page and cannot be parsed, its text is shown as one message. */
function shownMessages(value: unknown): SpanMessage[] {
  if (value === undefined) return [];
  return readMessages(value) ?? [{ role: '', parts: [{ type: 'text', content: value }] }];
}

function Messages({ messages }: { readonly messages: readonly SpanMessage[] }): VNode {
  return (
    <>
      {messages.map(({ role, parts }, i) => (
        <Said key={i} role={role} parts={parts} />
      ))}
    </>
  );
}

function countText(value: unknown): string | undefined {
  return isNumber(value) && value > 0 ? grouped(value) : undefined;
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : attributeText(value).slice(0, 200);
}

function isId(name: string): boolean {
  return name.endsWith('.id');
}

function AttributeTable({
  caption,
  attributes,
}: {
  readonly caption: string;
  readonly attributes: SpanAttributes;
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

function Ids({ span }: { readonly span: ViewedSpan }): VNode {
  const ids = Object.entries(span.attributes).filter(([name]) => isId(name));
  return <AttributeTable caption="Ids" attributes={Object.fromEntries(ids.slice(0, MAX_ID_ROWS))} />;
}

function Everything({ row }: { readonly row: Row }): VNode {
  const { span } = row;
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
            ['On the critical path', criticalPath.value.has(row) ? 'yes' : 'no'],
            ['Trace', traceId],
            ['Span', spanId],
          ]}
        />
      </div>
    </details>
  );
}
