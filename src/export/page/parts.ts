import { partContent } from '../messages.ts';
import { attributeText } from '../span-details.ts';
import { element } from './element.ts';
import { richText, valueBlock } from './value.ts';

/** Text as Markdown, any other part as its type and a tree. Nothing is loaded: an image is named, not shown. */
export function partBlock(part: Readonly<Record<string, unknown>>): HTMLElement {
  const content = partContent(part);
  if (part.type === 'text' && typeof content === 'string') return richText(content);
  if (part.type === 'cut') return element('p', { class: 'dim' }, 'cut for this page: see the span');
  if (part.type === 'reasoning')
    return element(
      'details',
      {},
      element('summary', {}, 'Reasoning'),
      richText(attributeText(content ?? '')),
    );
  const { type, ...rest } = part;
  return element(
    'div',
    {},
    element('span', { class: 'dim' }, attributeText(type ?? 'part').slice(0, 100)),
    valueBlock(rest),
  );
}

/** The arguments and the result of a tool call, side by side where there is room. */
export function toolBlock(input: unknown, output: unknown): HTMLElement {
  return element(
    'div',
    { class: 'tool-values' },
    valueWithLabel('Arguments', input),
    valueWithLabel('Result', output),
  );
}

function valueWithLabel(label: string, value: unknown): HTMLElement | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return element('div', {}, element('span', { class: 'dim' }, label), valueBlock(value));
}
