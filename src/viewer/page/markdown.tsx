import type MarkdownIt from 'markdown-it';
import * as helpers from 'markdown-it/lib/helpers/index.mjs';
import ParserBlock from 'markdown-it/lib/parser_block.mjs';
import ParserInline from 'markdown-it/lib/parser_inline.mjs';
import type Token from 'markdown-it/lib/token.mjs';
import { type ComponentChild, type ComponentChildren, h, type VNode } from 'preact';
import { useMemo } from 'preact/hooks';

/** The length, in UTF-16 units, beyond which a text is shown without Markdown. */
export const MAX_MARKDOWN_LENGTH = 20_000;
const MAX_NESTING = 50;

/** Every character at which `.` stops. All become a line feed: at others, patterns that end in `.*$` would be slow. */
const LINE_END = /\r\n?|[\n\u2028\u2029]/g;
/** An address that is not yet a link. Lengths are limited, so that no text takes long to search. */
const ADDRESS = /https?:\/\/(?:[^\s<>"'()\]]|\([^\s<>"'()\]]{0,100}\)){1,1000}(?<![.,:;!?])/g;

const block = new ParserBlock();
const inline = new ParserInline();

/**
 * The parts of markdown-it that its two parsers use. Links can lead to websites only. `scripts/page/assets.ts` leaves
 * out the rules for HTML.
 */
const parser = {
  block,
  inline,
  helpers,
  options: { html: false, linkify: false, maxNesting: MAX_NESTING },
  normalizeLink: (address: string) => address,
  normalizeLinkText: (text: string) => text,
  validateLink: (address: string) => /^https?:\/\//i.test(address) && URL.canParse(address),
} as unknown as MarkdownIt;

/**
 * A text with the Markdown that models write, as elements. The text comes from outside and may be hostile: it is never
 * parsed as HTML, and nothing is loaded. A link is followed only by a click.
 */
export function Markdown({ text }: { readonly text: string }): VNode {
  const content = useMemo(() => {
    const tokens: Token[] = [];
    block.parse(text.replace(LINE_END, '\n'), parser, {}, tokens);
    return nodesOf(tokens);
  }, [text]);
  return <div class="text md stack">{content}</div>;
}

export function CodeBlock({ code, language }: { readonly code: string; readonly language: string }): VNode {
  return (
    <ScrollRegion label={language === '' ? 'Code' : `Code, ${language}`}>
      <pre>
        <code>{code}</code>
      </pre>
    </ScrollRegion>
  );
}

interface ScrollRegionProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** An element that may be wider than the page and can be scrolled on its own. */
function ScrollRegion({ label, children }: ScrollRegionProps): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll only what has the focus.
    <section class="scrolls" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

interface OpenElement {
  readonly token: Token | undefined;
  readonly children: ComponentChild[];
}

function nodesOf(tokens: readonly Token[]): ComponentChild[] {
  const whole: OpenElement = { token: undefined, children: [] };
  const open = [whole];
  for (const token of tokens) {
    const { children } = open.at(-1) ?? whole;
    if (token.nesting > 0) open.push({ token, children: [] });
    else if (token.nesting === 0) children.push(...leaf(token, open.some(isLink)));
    else {
      const closed = open.pop();
      if (closed?.token !== undefined) open.at(-1)?.children.push(...element(closed.token, closed.children));
    }
  }
  return whole.children;
}

function isLink({ token }: OpenElement): boolean {
  return token?.type === 'link_open';
}

function leaf(token: Token, isInLink: boolean): ComponentChild[] {
  const { type, content, info } = token;
  switch (type) {
    case 'inline': {
      const children: Token[] = [];
      inline.parse(content, parser, {}, children);
      return nodesOf(children);
    }
    case 'fence':
    case 'code_block':
      return [<CodeBlock code={content.replace(/\n$/, '')} language={info.trim().split(/\s/)[0] ?? ''} />];
    case 'code_inline':
      return [<code>{content}</code>];
    case 'softbreak':
    case 'hardbreak':
      return ['\n'];
    case 'hr':
      return [<hr />];
    default:
      return isInLink ? [content] : withLinks(content);
  }
}

function element(token: Token, children: ComponentChild[]): ComponentChild[] {
  const { type, tag, info, hidden } = token;
  if (hidden) return children;
  switch (type) {
    case 'heading_open':
      return [
        <p>
          <b>{children}</b>
        </p>,
      ];
    case 'list_item_open':
      return [<li value={info === '' ? undefined : Number(info)}>{children}</li>];
    case 'th_open':
      return [<th scope="col">{children}</th>];
    case 'table_open':
      return [
        <ScrollRegion label="Table">
          <table>{children}</table>
        </ScrollRegion>,
      ];
    case 'link_open':
      return [<Link label={children} address={token.attrGet('href') ?? ''} />];
    default:
      return [h(tag, {}, children)];
  }
}

function withLinks(text: string): ComponentChild[] {
  const parts: ComponentChild[] = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    if (!parser.validateLink(address)) continue;
    parts.push(text.slice(end, index), <Link label={address} address={address} />);
    end = index + address.length;
  }
  return [...parts, text.slice(end)];
}

function Link({ label, address }: { readonly label: ComponentChild; readonly address: string }): VNode {
  return (
    <a href={address} title={address} target="_blank" rel="noopener noreferrer nofollow">
      {label}
    </a>
  );
}
