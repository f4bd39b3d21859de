import { element } from './element.ts';
import { highlighted } from './highlight.ts';

/** Longer texts are shown as they are. */
const MAX_MARKDOWN_LENGTH = 20_000;
/** Cells of one row of a table. */
const MAX_CELLS = 50;

const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]{0,40})/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*)$/;
const ITEM = /^(\s{0,12})(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const RULE = /^\s{0,3}(?:(?:-\s?){3,40}|(?:\*\s?){3,40}|(?:_\s?){3,40})$/;
/** A cell of the line below the heads of a table. */
const TABLE_RULE = /^:?-+:?$/;
/** Every place where `.` stops: a pattern that ends in `.*$` would search on from each character before another one. */
const LINE_END = /\r\n?|[\n\u2028\u2029]/;
/** Lengths are limited, so that no text takes long to search. */
const INLINE =
  /`([^`\n]{1,1000})`|\*\*([^*\n]{1,1000})\*\*|\*([^*\s][^*\n]{0,500})\*|\[([^[\]\n]{1,300})\]\(((?:[^()\s]|\([^()\s]{0,100}\)){1,1000})\)|(https?:\/\/(?:[^\s<>"'()\]]|\([^\s<>"'()\]]{0,100}\)){1,1000}(?<![.,:;!?]))/g;

/**
 * A text with the Markdown that models write, as elements. The text is untrusted: it is never parsed as HTML, and nothing
 * is loaded; a link is followed only by a click.
 *
 * @returns `undefined` for a text that is too long
 */
export function markdown(text: string): HTMLElement | undefined {
  if (text.length > MAX_MARKDOWN_LENGTH) return undefined;
  const block = element('div', { class: 'text md' });
  const lines = text.split(LINE_END);
  for (let i = 0; i < lines.length; ) i = addMarkdownBlock(block, lines, i);
  return block;
}

/** Adds the block that begins at a line. @returns the line after it */
function addMarkdownBlock(parent: HTMLElement, lines: readonly string[], at: number): number {
  const line = lines[at] ?? '';
  if (line.trim() === '') return at + 1;
  const [, fence, language = ''] = FENCE.exec(line) ?? [];
  if (fence !== undefined) return addCode(parent, lines, at + 1, fence, language);
  const [, marks, title = ''] = HEADING.exec(line) ?? [];
  if (marks !== undefined) {
    parent.append(element('p', { class: 'md-heading' }, inline(title)));
    return at + 1;
  }
  if (RULE.test(line)) {
    parent.append(element('hr'));
    return at + 1;
  }
  if (ITEM.test(line)) return addList(parent, lines, at);
  if (line.includes('|') && isTableRule(lines[at + 1] ?? '')) return addTable(parent, lines, at);
  const isQuote = /^\s{0,3}>/.test(line);
  const from = at;
  let to = at + 1;
  while (to < lines.length && isContinued(lines[to] ?? '', isQuote)) to++;
  const text = lines
    .slice(from, to)
    .map((each) => (isQuote ? each.replace(/^\s{0,3}> ?/, '') : each))
    .join('\n');
  parent.append(element(isQuote ? 'blockquote' : 'p', {}, inline(text)));
  return to;
}

function isContinued(line: string, isQuote: boolean): boolean {
  if (line.trim() === '') return false;
  if (isQuote) return /^\s{0,3}>/.test(line);
  return !FENCE.test(line) && !HEADING.test(line) && !ITEM.test(line) && !/^\s{0,3}>/.test(line);
}

function addCode(
  parent: HTMLElement,
  lines: readonly string[],
  from: number,
  fence: string,
  language: string,
): number {
  let to = from;
  while (to < lines.length && !(lines[to] ?? '').trim().startsWith(fence)) to++;
  parent.append(codeBlock(lines.slice(from, to).join('\n'), language));
  return to + 1;
}

/** A block of code, which scrolls by itself. */
export function codeBlock(code: string, language: string): HTMLElement {
  return element(
    'pre',
    { tabindex: 0, role: 'region', 'aria-label': language === '' ? 'Code' : `Code, ${language}` },
    element('code', {}, highlighted(code)),
  );
}

function addList(parent: HTMLElement, lines: readonly string[], from: number): number {
  const [, , number] = ITEM.exec(lines[from] ?? '') ?? [];
  const list = element(number === undefined ? 'ul' : 'ol', { class: 'md-list' });
  let at = from;
  let item: HTMLElement | undefined;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const [, indent = '', value, text] = ITEM.exec(line) ?? [];
    if (text !== undefined) {
      item = element('li', { value }, inline(text));
      item.style.listStyleType = value === undefined ? 'disc' : 'decimal';
      // Lists within lists stay one list, indented, whose items keep their own numbers.
      item.style.marginInlineStart = `${Math.min(indent.length, 12) * 7}px`;
      list.append(item);
    } else if (/^\s{2,}\S/.test(line) && !FENCE.test(line)) {
      for (const node of inline(`\n${line.trim()}`)) item?.append(node);
    } else break;
  }
  parent.append(list);
  return at;
}

function isTableRule(line: string): boolean {
  return line.includes('|') && cells(line).every((cell) => TABLE_RULE.test(cell));
}

function cells(line: string): string[] {
  const inner = line.trim().replace(/^\||\|$/g, '');
  return inner.split('|', MAX_CELLS).map((cell) => cell.trim());
}

function addTable(parent: HTMLElement, lines: readonly string[], from: number): number {
  const table = element('table', { class: 'md-table' });
  table.append(
    element(
      'tr',
      {},
      cells(lines[from] ?? '').map((cell) => element('th', { scope: 'col' }, inline(cell))),
    ),
  );
  let at = from + 2;
  for (; at < lines.length && (lines[at] ?? '').includes('|'); at++)
    table.append(
      element(
        'tr',
        {},
        cells(lines[at] ?? '').map((cell) => element('td', {}, inline(cell))),
      ),
    );
  parent.append(
    element('div', { class: 'md-scroll', tabindex: 0, role: 'region', 'aria-label': 'Table' }, table),
  );
  return at;
}

function inline(text: string): (HTMLElement | string)[] {
  const parts: (HTMLElement | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, label, target, address] = match;
    parts.push(text.slice(end, match.index));
    if (code !== undefined) parts.push(element('code', {}, code));
    else if (strong !== undefined) parts.push(element('strong', {}, strong));
    else if (emphasis !== undefined) parts.push(element('em', {}, emphasis));
    else parts.push(linkElement(label ?? address ?? '', target ?? address ?? '') ?? whole);
    end = match.index + whole.length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** @returns `undefined` for an address that a browser should not open from here */
function linkElement(label: string, target: string): HTMLElement | undefined {
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return undefined;
  return element(
    'a',
    { href: target, title: target, target: '_blank', rel: 'noopener noreferrer nofollow' },
    label,
  );
}
