import { type ComponentChildren, Fragment, type VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { grouped } from '../amounts.ts';
import { attributeText, parseShortJson, partContent, type SpanPart } from '../messages.ts';
import { CodeBlock } from './highlight.tsx';
import { MAX_MARKDOWN_LENGTH, Markdown } from './markdown.tsx';
import { isMedia, MediaPart } from './media-part.tsx';

/** Longer texts are cut, with a button that shows the rest. */
const MAX_INITIAL_LENGTH = 2000;
/** The same for lines. */
const MAX_INITIAL_LINES = 20;

/** A block of preformatted text. */
export function TextBlock(props: { readonly text: string; readonly className?: string }): VNode {
  const { text, className = '' } = props;
  const [isUnfolded, setUnfolded] = useState(false);
  const lines = text.split('\n', MAX_INITIAL_LINES + 1);
  const start = lines.slice(0, MAX_INITIAL_LINES).join('\n').slice(0, MAX_INITIAL_LENGTH);
  if (isUnfolded || start.length === text.length) return <div class={`text ${className}`}>{text}</div>;
  return (
    <div class={`text ${className}`}>
      {`${start}… `}
      <button type="button" class="more" onClick={() => setUnfolded(true)}>
        {`Show all ${sizeText(text)}`}
      </button>
    </div>
  );
}

function sizeText(text: string): string {
  return text.length > MAX_INITIAL_LENGTH
    ? `${grouped(text.length)} characters`
    : `${grouped(text.split('\n').length)} lines`;
}

/** Text as Markdown, or JSON over several lines, if it is short enough. Of more than 20 lines, the first are shown. */
function RichText({ text }: { readonly text: string }): VNode {
  const [isUnfolded, setUnfolded] = useState(false);
  const json = useMemo(() => (/^\s*[[{]/.test(text) ? parseShortJson(text) : undefined), [text]);
  if (text.length > MAX_MARKDOWN_LENGTH) return <TextBlock text={text} />;
  const shown = typeof json === 'object' ? JSON.stringify(json, undefined, 2) : text;
  const content = shown === text ? <Markdown text={text} /> : <CodeBlock code={shown} language="json" />;
  const lines = shown.split('\n').length;
  if (isUnfolded || lines <= MAX_INITIAL_LINES) return content;
  return (
    <>
      <div class="folded">{content}</div>
      <button type="button" class="more" onClick={() => setUnfolded(true)}>
        {`Show all ${grouped(lines)} lines`}
      </button>
    </>
  );
}

const SPEAKERS: Readonly<Record<string, string>> = {
  user: 'User',
  assistant: 'Assistant',
  system: 'Instructions',
  developer: 'Instructions',
  tool: 'Tool',
};

/** Who says a message, by its role. */
export function speakerOf(role: string): string {
  return (Object.hasOwn(SPEAKERS, role) ? SPEAKERS[role] : undefined) ?? (role.slice(0, 100) || 'Message');
}

/** Text as Markdown, an image that is in the trace, any other part as its type and a tree. Nothing is loaded. */
export function PartBlock({ part }: { readonly part: SpanPart }): VNode {
  const content = partContent(part);
  if (part.type === 'text' && typeof content === 'string') return <RichText text={content} />;
  if (part.type === 'cut') return <p class="dim">cut for this page: see the span</p>;
  if (part.type === 'reasoning')
    return (
      <details>
        <summary>Reasoning</summary>
        <RichText text={attributeText(content ?? '')} />
      </details>
    );
  if (isMedia(part)) return <MediaPart part={part} />;
  const { type, ...rest } = part;
  return (
    <div>
      <span class="dim">{attributeText(type ?? 'part').slice(0, 100)}</span>
      {Object.keys(rest).length > 0 && <ValueBlock value={rest} />}
    </div>
  );
}

interface CopyButtonProps {
  readonly label: string;
  /** Made when it is asked for. */
  readonly text: () => string;
}

/** Copies a text. */
export function CopyButton({ label, text }: CopyButtonProps): VNode {
  const [said, say] = useState<string | undefined>(undefined);
  const copy = (): void => {
    navigator.clipboard.writeText(text()).then(
      () => say('Copied'),
      () => say('Copying is not allowed here'),
    );
  };
  return (
    <button type="button" class="copy" onClick={copy} onBlur={() => say(undefined)}>
      {said ?? label}
    </button>
  );
}

/** The arguments and the result of a tool call, side by side where there is room. */
export function ToolBlock({ input, output }: { readonly input: unknown; readonly output: unknown }): VNode {
  return (
    <div class="tool-values">
      <Labelled label="Arguments" value={input} />
      <Labelled label="Result" value={output} />
    </div>
  );
}

function Labelled({ label, value }: { readonly label: string; readonly value: unknown }): VNode | null {
  if (value === undefined || value === null || value === '') return null;
  return (
    <div>
      <span class="dim">{label}</span>
      <ValueBlock value={value} />
    </div>
  );
}

/** Levels of a tree that are open at first. */
const MAX_OPEN_LEVELS = 2;
/** Fields or elements of one value that are shown. The span's attributes have all of them. */
const MAX_BRANCHES = 200;
/** Values shown of one tree. */
const MAX_LEAVES = 2_000;

/** Any value: JSON as a tree, code as code, other text as it is. */
function ValueBlock({ value }: { readonly value: unknown }): VNode {
  const parsed = parseShortJson(value) ?? value;
  if (typeof parsed !== 'object' || parsed === null)
    return <TextBlock text={attributeText(parsed)} className="code" />;
  return <div class="tree">{branches(parsed, 0, { leaves: MAX_LEAVES })}</div>;
}

function branches(value: object, level: number, left: { leaves: number }): ComponentChildren {
  const entries = Object.entries(value);
  if (entries.length === 0) return <p class="dim">{attributeText(value)}</p>;
  const shown = entries.slice(0, MAX_BRANCHES).flatMap(([name, each], i) => {
    if (left.leaves-- <= 0) return [];
    return [<Fragment key={i}>{branch(name, each, level, left)}</Fragment>];
  });
  const more = entries.length - shown.length;
  return more > 0 ? [...shown, <p class="dim">{`and ${grouped(more)} more`}</p>] : shown;
}

function branch(name: string, value: unknown, level: number, left: { leaves: number }): VNode {
  const key = <span class="tree-key">{name.slice(0, 200)}</span>;
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    const size = grouped(Object.keys(value).length);
    return (
      <details open={level < MAX_OPEN_LEVELS}>
        <summary>
          {key} <span class="dim">{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
        </summary>
        <div class="tree">{branches(value, level + 1, left)}</div>
      </details>
    );
  }
  const text = attributeText(value ?? 'null');
  // Code in arguments has line ends, which JSON would show as `\n`.
  if (text.includes('\n'))
    return (
      <div>
        {key}
        {text.length > 2000 ? (
          <TextBlock text={text} className="code" />
        ) : (
          <CodeBlock code={text} language="" />
        )}
      </div>
    );
  return (
    <div>
      {key} <span class="tree-value">{text.slice(0, 2000)}</span>
    </div>
  );
}

/** A value as JSON over several lines, or as text. */
export function pretty(value: unknown): string {
  const parsed = parseShortJson(value) ?? value;
  return typeof parsed === 'object' ? JSON.stringify(parsed, undefined, 2) : attributeText(value);
}
