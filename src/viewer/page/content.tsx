import { type ComponentChildren, Fragment, type VNode } from 'preact';
import { useState } from 'preact/hooks';
import { grouped } from '../amounts.ts';
import { attributeText, parseShortJson, partContent, type SpanMessage } from '../messages.ts';
import { CodeBlock } from './highlight.tsx';
import { MAX_MARKDOWN_LENGTH, Markdown } from './markdown.tsx';

type ContentPart = SpanMessage['parts'][number];

/** Longer texts are cut, with a button that shows the rest. */
const MAX_INITIAL_LENGTH = 2000;

/** A block of preformatted text. */
export function TextBlock(props: { readonly text: string; readonly className?: string }): VNode {
  const { text, className = '' } = props;
  const [isWhole, setWhole] = useState(text.length <= MAX_INITIAL_LENGTH);
  return (
    <div class={`text ${className}`}>
      {isWhole ? text : `${text.slice(0, MAX_INITIAL_LENGTH)}… `}
      {!isWhole && (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          {`Show all ${grouped(text.length)} characters`}
        </button>
      )}
    </div>
  );
}

/** Text as Markdown if it is short enough. */
function RichText({ text }: { readonly text: string }): VNode {
  return text.length > MAX_MARKDOWN_LENGTH ? <TextBlock text={text} /> : <Markdown text={text} />;
}

/** Text as Markdown, an image that is in the trace, any other part as its type and a tree. Nothing is loaded. */
export function PartBlock({ part }: { readonly part: ContentPart }): VNode {
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
  const image = imageIn(part);
  if (image !== undefined) return <img class="shown-image" src={image.url} alt={image.type} loading="lazy" />;
  const { type, ...rest } = part;
  return (
    <div>
      <span class="dim">{attributeText(type ?? 'part').slice(0, 100)}</span>
      <ValueBlock value={rest} />
    </div>
  );
}

/** The images that are shown. Of others, such as SVG, browsers have to run more than a decoder. */
const SHOWN_IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const IMAGE_URL = /^data:(image\/\w{1,10});base64,([\w+/=]+)$/;

/** The image in a part, if its bytes were recorded. */
function imageIn(part: ContentPart): { readonly url: string; readonly type: string } | undefined {
  const [, urlType, urlContent] = IMAGE_URL.exec(part.type === 'uri' ? attributeText(part.uri) : '') ?? [];
  const type = urlType ?? part.mime_type;
  const content = urlContent ?? (part.type === 'blob' ? part.content : undefined);
  if (typeof type !== 'string' || !SHOWN_IMAGE.test(type)) return undefined;
  if (typeof content !== 'string' || !/^[\w+/]+=*$/.test(content)) return undefined;
  return { url: `data:${type};base64,${content}`, type };
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
  if (entries.length === 0) return <p class="dim">{Array.isArray(value) ? '[]' : '{}'}</p>;
  const shown = entries.slice(0, MAX_BRANCHES).flatMap(([name, each], i) => {
    if (left.leaves-- <= 0) return [];
    return [<Fragment key={i}>{branch(name, each, level, left)}</Fragment>];
  });
  const more = entries.length - shown.length;
  return more > 0 ? [...shown, <p class="dim">{`and ${grouped(more)} more`}</p>] : shown;
}

function branch(name: string, value: unknown, level: number, left: { leaves: number }): VNode {
  const key = <span class="tree-key">{name.slice(0, 200)}</span>;
  if (typeof value === 'object' && value !== null) {
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
