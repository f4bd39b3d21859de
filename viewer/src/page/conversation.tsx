import { computed } from '@preact/signals';
import { Fragment, type VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { count } from '../format-amounts.ts';
import { attributeText, messageText } from '../messages.ts';
import * as ATTR from '../semconv/attributes.ts';
import { readContent } from '../span-texts.ts';
import { type TranscriptEntry, transcriptOf } from '../transcript.ts';
import { groupBy, type Row } from '../tree.ts';
import { isFailed, isInterrupted, isOngoing, typeOf, type ViewedSpan } from '../viewed-span.ts';
import { Folded, Paged, Said, ToolBlock } from './content.tsx';
import { earlierMessages } from './earlier-messages.ts';
import { Evaluations, SpanDetails } from './elements.tsx';
import { SpanButton } from './overview.tsx';
import { foundRows, isLive, openTrace, panel, selected } from './state.ts';
import { linkedCalls, ToolLinks } from './tool-links.tsx';

type ChatMessage = Extract<TranscriptEntry, { kind: 'message' }>;

const CHAT_PAGE_SIZE = 100;
const EARLIER_PAGE_SIZE = 20;
/** The maximum number of evaluations shown for one answer. Its span shows all of them. */
const MAX_SHOWN_EVALUATIONS = 10;

/** The entries of the conversation. Their keys stay the same when entries of other rows arrive, and so does what is unfolded. */
const transcript = computed(() => {
  const entries = transcriptOf(openTrace.value?.rows ?? []);
  const byRow = groupBy(entries, ({ row }) => row);
  return entries.map((entry) => ({ entry, key: `${entry.row.id} ${byRow.get(entry.row)?.indexOf(entry)}` }));
});

const shownEntries = computed(() => transcript.value.filter(({ entry }) => foundRows.value.has(entry.row)));

const hasContent = computed(() =>
  transcript.value.some(({ entry }) =>
    entry.kind === 'message'
      ? entry.parts.length > 0
      : entry.kind === 'tool' && (entry.input ?? entry.output) !== undefined,
  ),
);

/** The row whose entries are marked: the selected one, or the nearest above it that has entries. */
const markedRow = computed(() => {
  const rows = new Set(shownEntries.value.map(({ entry }) => entry.row));
  let { value: row } = selected;
  while (row !== undefined && !rows.has(row)) row = row.parent;
  return row;
});

export function ConversationView(): VNode {
  const { value: marked } = markedRow;
  const place = shownEntries.value.findIndex(({ entry }) => entry.row === marked);
  const isShown = panel.value === 'chat';
  useLayoutEffect(() => {
    if (isShown) document.querySelector('.chat [aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [marked?.id, isShown]);
  if (shownEntries.value.length === 0) return <p class="dim">These spans contain no conversation.</p>;
  return (
    <div class="chat">
      {!hasContent.value && (
        <p class="note">
          Message content was not recorded. To see it here, set the variable{' '}
          <code>OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT</code>, or the option{' '}
          <code>captureMessageContent</code>, to <code>SPAN_ONLY</code>.
        </p>
      )}
      <Paged
        as="ol"
        items={shownEntries.value}
        size={CHAT_PAGE_SIZE}
        least={place + 1}
        label="Show more of the conversation"
        render={({ entry, key }, i) => (
          <Fragment key={key}>
            {shownEntries.value[i - 1]?.entry.row !== entry.row && <EarlierMessages row={entry.row} />}
            <TranscriptItem entry={entry} />
          </Fragment>
        )}
      />
    </div>
  );
}

/** The messages of earlier traces that the API keeps for a call. */
function EarlierMessages({ row }: { readonly row: Row }): VNode | null {
  const messages = earlierMessages.value.get(row) ?? [];
  if (messages.length === 0) return null;
  return (
    <li>
      <Folded label={`${count(messages.length, 'earlier message')}, kept by the API`}>
        <Paged
          as="div"
          items={messages}
          size={EARLIER_PAGE_SIZE}
          label="Show more messages"
          render={({ role, parts }, i) => <Said key={i} by={role} parts={parts} row={row} />}
        />
      </Folded>
    </li>
  );
}

export function TranscriptItem({ entry }: { readonly entry: TranscriptEntry }): VNode {
  const { kind, row } = entry;
  const current = row === markedRow.value ? 'true' : undefined;
  switch (kind) {
    case 'heading':
      return <Heading row={row} current={current} />;
    case 'message':
      return (
        <li class="message" aria-current={current}>
          <ChatBubble message={entry} />
          {entry.usage && <Footer row={row} />}
          {entry.usage && usesToolResults(row) && (
            <ToolLinks row={row} ids={linkedCalls.value.givenTo(row)} />
          )}
        </li>
      );
    default:
      return (
        <li
          class="tool"
          aria-current={current}
          style={{ '--type': entry.own && isFailed(row.span) ? 'var(--bad)' : 'var(--tool)' }}
        >
          <Said
            by={`${entry.own && typeOf(row.span) === 'other' ? 'Function' : 'Tool'} ${entry.name}`}
            parts={[]}
            row={row}
          >
            <Exchange entry={entry} />
          </Said>
          {entry.own && <Footer row={row} />}
          <ToolLinks row={row} ids={[entry.id]} />
        </li>
      );
  }
}

/** What a tool or function got and returned. If a function's result arrives later than what it did, it moves nothing. */
function Exchange({ entry }: { readonly entry: Extract<TranscriptEntry, { kind: 'tool' }> }): VNode {
  const { row, own, input, output } = entry;
  const isAround = own && typeOf(row.span) === 'other' && row.children.length > 0;
  if (!isLive || !isAround) return <ToolBlock input={input} output={output} />;
  return (
    <>
      <ToolBlock input={input} output={undefined} />
      <Folded label="Result">
        {output === undefined ? <p class="dim">none yet</p> : <ToolBlock input={undefined} output={output} />}
      </Folded>
    </>
  );
}

/** Whether a model call was given results of tools. Only then all calls of the trace are looked up. */
function usesToolResults({ span }: Row): boolean {
  const { asked } = readContent(span.attributes);
  return asked.some(({ parts }) => parts.some(({ type }) => type === 'tool_call_response'));
}

function Heading({ row, current }: { readonly row: Row; readonly current: 'true' | undefined }): VNode {
  const { attributes } = row.span;
  const invocation = attributes[ATTR.OPENAI_RUN_ID] ?? attributes[ATTR.OPENAI_TURN_ID];
  const id = invocation ?? attributes[ATTR.GEN_AI_CONVERSATION_ID];
  return (
    <li class="heading" aria-current={current}>
      <h3>
        <SpanButton row={row} /> <code class="dim">{typeof id === 'string' && id}</code>
      </h3>
      <p class="foot line small">
        <SpanDetails row={row} />
      </p>
    </li>
  );
}

function ChatBubble({ message }: { readonly message: ChatMessage }): VNode | null {
  const { role, parts } = message;
  const { span } = message.row;
  // An answer that only calls tools has no text. Its calls follow as entries of their own.
  if (parts.length === 0 && span.attributes[ATTR.GEN_AI_OUTPUT_MESSAGES] !== undefined) return null;
  // Copies the texts of the message, or the whole message as JSON if it has none.
  const copied = (): string => messageText({ role, parts }) || attributeText(parts);
  return (
    <Said by={role} parts={parts} row={message.row} copied={parts.length > 0 ? copied : undefined}>
      {parts.length === 0 && <p class="dim">{missingText(role, span)}</p>}
    </Said>
  );
}

function missingText(role: string, span: ViewedSpan): string {
  if (isOngoing(span)) return 'in progress';
  if (role !== 'user' && isInterrupted(span)) return 'interrupted';
  if (!isFailed(span)) return 'not recorded';
  return role === 'user' ? 'not transcribed' : 'no answer';
}

function Footer({ row }: { readonly row: Row }): VNode {
  return (
    <p class="foot line small">
      <SpanButton row={row} />
      <SpanDetails row={row} />
      <Evaluations span={row.span} limit={MAX_SHOWN_EVALUATIONS} />
    </p>
  );
}
