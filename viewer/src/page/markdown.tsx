import MarkdownIt, { type Token } from 'markdown-it';
import { type ComponentChildren, h, type VNode } from 'preact';
import { useMemo } from 'preact/hooks';

/** The length, in UTF-16 units, beyond which a text is shown without Markdown. */
export const MAX_MARKDOWN_LENGTH = 20_000;
const MAX_NESTING = 50;
const MARKDOWN_OPTIONS = { html: false, maxNesting: MAX_NESTING };

/** Characters at which `.` stops. All become line feeds: at others, patterns that end in `.*$` are slow. */
const LINE_END = /\r\n?|[\n\u2028\u2029]/g;

/** Links can lead to websites only. `scripts/page/assets.ts` leaves out the rules for HTML. */
const parser = new MarkdownIt(MARKDOWN_OPTIONS);
parser.validateLink = (address) => /^https?:\/\//i.test(address) && URL.canParse(address);

/**
 * A text with the Markdown that models write, as elements. The text comes from outside and may be hostile: it is never
 * parsed as HTML, and nothing is loaded. A link is followed only by a click.
 */
export function Markdown({ text }: { readonly text: string }): VNode {
  const content = useMemo(() => blocksOf(text.replace(LINE_END, '\n')), [text]);
  return <div class="text md stack">{content}</div>;
}

/** Blocks that contain blocks. Browsers ignore those when they find the direction of the outer one. */
const CONTAINER = /^(?:blockquote|bullet_list|list_item|ordered_list|table)_open$/;
/** Finds text that begins with a letter of a script that is written from right to left. */
const RIGHT_TO_LEFT =
  /^\P{L}*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The blocks of a text, each with the direction of its text. */
function blocksOf(text: string): ComponentChildren[] {
  const tokens = parser.parse(text, {});
  // The direction of a container is that of the first text in it.
  let first = '';
  for (const token of tokens.toReversed()) {
    if (token.type === 'inline') first = token.content;
    if (token.nesting > 0)
      token.attrSet('dir', !CONTAINER.test(token.type) ? 'auto' : RIGHT_TO_LEFT.test(first) ? 'rtl' : 'ltr');
  }
  return nodesOf(tokens.values());
}

/** Reads tokens up to the end of the element that they are in. */
function nodesOf(tokens: Iterator<Token>): ComponentChildren[] {
  const nodes: ComponentChildren[] = [];
  for (let next = tokens.next(); !next.done && next.value.nesting >= 0; next = tokens.next()) {
    const { value: token } = next;
    nodes.push(token.nesting === 0 ? leaf(token) : element(token, nodesOf(tokens)));
  }
  return nodes;
}

function leaf({ type, content, children }: Token): ComponentChildren {
  switch (type) {
    case 'inline': {
      // The parser limits how deep blocks and links are nested, but not emphasis.
      const shown = children?.filter(({ nesting, level }) => nesting === 0 || level < MAX_NESTING) ?? [];
      return nodesOf(shown.values());
    }
    case 'fence':
    case 'code_block':
      return <pre>{content.replace(/\n$/, '')}</pre>;
    case 'code_inline':
      return <code>{content}</code>;
    case 'softbreak':
    case 'hardbreak':
      return '\n';
    case 'hr':
      return <hr />;
    default:
      return content;
  }
}

function element(token: Token, children: ComponentChildren[]): ComponentChildren {
  if (token.hidden) return children;
  // Only blocks have a direction.
  const direction = token.attrGet('dir') as 'auto' | 'ltr' | 'rtl' | null;
  const dir = direction ?? undefined;
  switch (token.type) {
    case 'heading_open':
      return (
        <p dir={dir}>
          <b>{children}</b>
        </p>
      );
    case 'list_item_open':
      return (
        <li dir={dir} value={token.info === '' ? undefined : Number(token.info)}>
          {children}
        </li>
      );
    case 'th_open':
      return (
        <th dir={dir} scope="col">
          {children}
        </th>
      );
    case 'link_open': {
      const address = token.attrGet('href') ?? '';
      return (
        <a href={address} title={address} target="_blank" rel="noopener noreferrer nofollow">
          {children}
        </a>
      );
    }
    default:
      return h(token.tag, { dir }, children);
  }
}
