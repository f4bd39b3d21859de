import { partContent } from '../messages.ts';
import { attributeText } from '../span-details.ts';
import { element } from './element.ts';
import { richText, valueBlock } from './value.ts';

/** The images that are shown. Of others, such as SVG, browsers have to run more than a decoder. */
const SHOWN_IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const IMAGE_URL = /^data:(image\/\w{1,10});base64,([\w+/=]+)$/;

/** Text as Markdown, an image that is in the trace, any other part as its type and a tree. Nothing is loaded. */
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
  const image = imageOf(part);
  if (image !== undefined) return image;
  const { type, ...rest } = part;
  return element(
    'div',
    {},
    element('span', { class: 'dim' }, attributeText(type ?? 'part').slice(0, 100)),
    valueBlock(rest),
  );
}

/** The image in a part, if its bytes were recorded. */
function imageOf(part: Readonly<Record<string, unknown>>): HTMLElement | undefined {
  const [, urlType, urlContent] = IMAGE_URL.exec(part.type === 'uri' ? attributeText(part.uri) : '') ?? [];
  const type = urlType ?? part.mime_type;
  const content = urlContent ?? (part.type === 'blob' ? part.content : undefined);
  if (typeof type !== 'string' || !SHOWN_IMAGE.test(type)) return undefined;
  if (typeof content !== 'string' || !/^[\w+/]+=*$/.test(content)) return undefined;
  return element('img', {
    class: 'shown-image',
    src: `data:${type};base64,${content}`,
    alt: `Image in the message, ${type}`,
    loading: 'lazy',
  });
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
