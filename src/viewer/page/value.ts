import { grouped } from '../amounts.ts';
import { parseShortJson } from '../messages.ts';
import { attributeText } from '../span-details.ts';
import { element, textBlock } from './element.ts';
import { codeBlock, markdown } from './markdown.ts';

/** Levels of a tree that are open at first. */
const MAX_OPEN_LEVELS = 2;
/** Fields or elements of one value that are shown. The span's attributes have all of them. */
const MAX_BRANCHES = 200;
/** Values shown of one tree. */
const MAX_LEAVES = 2_000;

/** Text as Markdown if it is short enough. */
export function richText(text: string): HTMLElement {
  return markdown(text) ?? textBlock(text);
}

/** Any value: JSON as a tree, code as code, other text as it is. */
export function valueBlock(value: unknown): HTMLElement {
  const parsed = parseShortJson(value) ?? value;
  if (typeof parsed === 'object' && parsed !== null) {
    const left = { leaves: MAX_LEAVES };
    return element('div', { class: 'tree' }, branches(parsed, 0, left));
  }
  return textBlock(attributeText(parsed), 'code');
}

function branches(value: object, level: number, left: { leaves: number }): HTMLElement[] {
  const entries = Object.entries(value);
  const shown = entries.slice(0, MAX_BRANCHES).flatMap(([name, each]) => {
    if (left.leaves-- <= 0) return [];
    return [branch(name, each, level, left)];
  });
  const more = entries.length - shown.length;
  if (more > 0) shown.push(element('p', { class: 'dim' }, `and ${grouped(more)} more`));
  if (entries.length === 0) shown.push(element('p', { class: 'dim' }, Array.isArray(value) ? '[]' : '{}'));
  return shown;
}

function branch(name: string, value: unknown, level: number, left: { leaves: number }): HTMLElement {
  const key = element('span', { class: 'tree-key' }, name.slice(0, 200));
  if (typeof value === 'object' && value !== null) {
    const size = Object.keys(value).length;
    const kind = Array.isArray(value) ? `[${grouped(size)}]` : `{${grouped(size)}}`;
    return element(
      'details',
      { open: level < MAX_OPEN_LEVELS },
      element('summary', {}, key, ' ', element('span', { class: 'dim' }, kind)),
      element('div', { class: 'tree' }, branches(value, level + 1, left)),
    );
  }
  const text = attributeText(value ?? 'null');
  // Code in arguments has line ends, which JSON would show as `\n`.
  if (text.includes('\n')) return element('div', {}, key, codeOrText(text));
  return element('div', {}, key, ' ', element('span', { class: 'tree-value' }, text.slice(0, 2000)));
}

function codeOrText(text: string): HTMLElement {
  return text.length > 2000 ? textBlock(text, 'code') : codeBlock(text, '');
}

/** A value as JSON over several lines, or as text. */
export function pretty(value: unknown): string {
  const parsed = parseShortJson(value) ?? value;
  return typeof parsed === 'object' ? JSON.stringify(parsed, undefined, 2) : attributeText(value);
}
