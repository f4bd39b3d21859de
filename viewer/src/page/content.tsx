import { type ComponentChildren, h, type VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { grouped } from '../format-amounts.ts';
import { mediaText, recordedMedia } from '../media.ts';
import {
  attributeText,
  isDeeperThan,
  isRecord,
  parseShortJson,
  partContent,
  type SpanPart,
} from '../messages.ts';
import type { Row } from '../tree.ts';
import { Button } from './elements.tsx';
import { MAX_MARKDOWN_LENGTH, Markdown } from './markdown.tsx';
import { foundPattern } from './state.ts';
import { linkedCalls, ToolLinks } from './tool-links.tsx';

/** A longer text is cut to its beginning, with a button that shows the rest. */
const MAX_INITIAL_LINES = 60;
const MAX_INITIAL_LENGTH = 8_000;
/** JSON that is nested deeper is shown without line breaks, because most of each line would be indentation. */
const MAX_SHOWN_DEPTH = 20;
const PARTS_PAGE_SIZE = 50;

interface PagedProps<T> {
  readonly items: readonly T[];
  readonly size: number;
  /** How many items are shown at least, such as up to the selected one. */
  readonly least?: number;
  readonly as: 'div' | 'ol' | 'ul';
  readonly label: string;
  readonly render: (item: T, index: number) => ComponentChildren;
}

export function Paged<T>({ items, size, least = 0, as, label, render }: PagedProps<T>): VNode {
  const [wanted, setLimit] = useState(size);
  const limit = Math.max(wanted, least);
  const rest = items.length - limit;
  return (
    <>
      {h(as, { class: 'stack' }, items.slice(0, limit).map(render))}
      {rest > 0 && (
        <Button label={`${label} (${grouped(rest)})`} class="more" onClick={() => setLimit(limit * 2)} />
      )}
    </>
  );
}

interface LongTextProps {
  readonly text: string;
  readonly children?: (shown: string) => VNode;
}

export function LongText(props: LongTextProps): VNode {
  const { text, children = (shown) => <div class="text">{shown}</div> } = props;
  const [isUnfolded, setUnfolded] = useState(false);
  const start = text.split('\n', MAX_INITIAL_LINES).join('\n').slice(0, MAX_INITIAL_LENGTH);
  const isFoundBelow =
    foundPattern.value !== undefined && text.slice(start.length).search(foundPattern.value) >= 0;
  if (isUnfolded || isFoundBelow || start.length === text.length) return children(text);
  return (
    <>
      {children(`${start}\n…`)}
      <Button
        label={`Show all ${grouped(text.length)} characters`}
        class="more"
        onClick={() => setUnfolded(true)}
      />
    </>
  );
}

function RichText({ text }: { readonly text: string }): VNode {
  const isJson = useMemo(() => /^\s*[[{]/.test(text) && isRecord(parseShortJson(text)), [text]);
  if (isJson) return <ValueBlock value={text} />;
  if (text.length > MAX_MARKDOWN_LENGTH) return <LongText text={text} />;
  return <LongText text={text}>{(shown) => <Markdown text={shown} />}</LongText>;
}

const SPEAKERS: Readonly<Record<string, string>> = {
  user: 'User',
  assistant: 'Assistant',
  system: 'Instructions',
  developer: 'Instructions',
  tool: 'Tool',
};

interface SaidProps {
  /** The role of the message. */
  readonly by: string;
  readonly parts: readonly SpanPart[];
  /** The row of the message. */
  readonly row: Row;
  /** Returns what a button copies; no button if it is `undefined`. */
  readonly copied?: (() => string) | undefined;
  readonly children?: ComponentChildren;
}

export function Said({ by: role, parts, row, copied, children }: SaidProps): VNode {
  const known = Object.hasOwn(SPEAKERS, role) ? SPEAKERS[role] : undefined;
  const tools = parts.flatMap((part) => (role === 'tool' ? (linkedCalls.value.nameOf(part) ?? []) : []));
  const speaker = [known ?? (role || 'Message'), ...new Set(tools)].join(' ').slice(0, 200);
  const content = (
    <Paged
      as="div"
      items={parts}
      size={PARTS_PAGE_SIZE}
      label="Show more parts"
      render={(part, i) => <PartBlock key={i} part={part} row={row} />}
    />
  );
  if (speaker === 'Instructions') return <Folded label={speaker}>{content}</Folded>;
  return (
    <div class={role === 'user' ? 'said by-user card' : 'said card'}>
      <div class="line">
        <span class="speaker small dim">{speaker}</span>
        {copied !== undefined && <CopyButton label="Copy" text={copied} />}
      </div>
      {content}
      {children}
    </div>
  );
}

export function Folded(props: { readonly label: string; readonly children: ComponentChildren }): VNode {
  return (
    <details class="said card">
      <summary>{props.label}</summary>
      {props.children}
    </details>
  );
}

/** A part of a message. Nothing is loaded from the network. */
function PartBlock({ part, row }: { readonly part: SpanPart; readonly row: Row }): VNode {
  const { type, ...rest } = part;
  const content = partContent(part);
  switch (type) {
    case 'text':
    case 'refusal':
      return typeof content === 'string' ? <RichText text={content} /> : <ValueBlock value={content ?? ''} />;
    case 'cut':
      return <p class="dim">cut for this page: see the span</p>;
    case 'reasoning':
      return (
        <Folded label="Reasoning">
          <RichText text={attributeText(content ?? '')} />
        </Folded>
      );
    case 'tool_call':
    case 'tool_call_response':
      return (
        <div class="call">
          {type === 'tool_call' && <b>{`calls ${attributeText(part.name ?? 'tool').slice(0, 200)}`}</b>}
          {type !== 'tool_call' && content === undefined && <p class="dim">not recorded</p>}
          <ToolBlock input={part.arguments} output={content} />
          <ToolLinks row={row} ids={[part.id]} />
        </div>
      );
    case 'blob':
    case 'uri':
    case 'file':
      return <MediaPart part={part} />;
    default:
      return (
        <div>
          <span class="dim">{attributeText(type ?? 'part').slice(0, 100)}</span>
          {Object.keys(rest).length > 0 && <ValueBlock value={rest} />}
        </div>
      );
  }
}

/** Image types that browsers only decode. Others, such as SVG, can contain code and are not shown. */
const SHOWN_IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const SHOWN_AUDIO = /^audio\/(?:aac|flac|mp3|mp4|mpeg|ogg|wav|webm|x-wav)$/;

/** An image or audio if its bytes were recorded, else a line that describes it. Nothing is loaded. */
function MediaPart({ part }: { readonly part: SpanPart }): VNode {
  const { type, url } = recordedMedia(part);
  if (SHOWN_IMAGE.test(type) && url !== undefined) return <img src={url} alt={type} loading="lazy" />;
  if (SHOWN_AUDIO.test(type) && url !== undefined)
    // biome-ignore lint/a11y/useMediaCaption: what was said stands beside it.
    return <audio src={url} controls preload="none" aria-label={type} />;
  return <p class="dim">{mediaText(part)}</p>;
}

interface CopyButtonProps {
  readonly label: string;
  /** Called only when the button is pressed. */
  readonly text: () => string;
}

export function CopyButton({ label, text }: CopyButtonProps): VNode {
  const [said, say] = useState<string | undefined>(undefined);
  const copy = (): void => {
    navigator.clipboard.writeText(text()).then(
      () => say('Copied'),
      () => say('Copying is not allowed here'),
    );
  };
  return <Button label={said ?? label} class="copy small" onClick={copy} onBlur={() => say(undefined)} />;
}

export function ToolBlock({ input, output }: { readonly input: unknown; readonly output: unknown }): VNode {
  const values = Object.entries({ Arguments: input, Result: output });
  return (
    <div class="stack">
      {values
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <span class="small dim">{label}</span>
            <ValueBlock value={value} />
          </div>
        ))}
    </div>
  );
}

/** A value as formatted JSON. Code in it keeps its line breaks and quotes, which JSON would escape. */
function ValueBlock({ value }: { readonly value: unknown }): VNode {
  const text = useMemo(
    () => formatted(value).replace(/\\([\\n"])/g, (_, sign) => (sign === 'n' ? '\n' : sign)),
    [value],
  );
  return <LongText text={text}>{(shown) => <div class="text code small">{shown}</div>}</LongText>;
}

export function formatted(value: unknown): string {
  const parsed = parseShortJson(value) ?? value;
  if (!isRecord(parsed)) return attributeText(value);
  return JSON.stringify(parsed, undefined, isDeeperThan(MAX_SHOWN_DEPTH, parsed) ? 0 : 2);
}
