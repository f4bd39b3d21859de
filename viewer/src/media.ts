import { count, joinedFacts } from './format-amounts.ts';
import { attributeText, type SpanPart } from './messages.ts';

const MEDIA_URL = /^data:((?:image|audio)\/[\w-]{1,10});base64,([\w+/=]+)$/;

/** Describes a media part: `image/png, 78 bytes, not recorded`. */
export function mediaText(part: SpanPart): string {
  const { type, url } = recordedMedia(part);
  const link =
    part.type === 'uri' && !/^data:/i.test(attributeText(part.uri))
      ? attributeText(part.uri ?? '')
      : undefined;
  const facts = [
    type || attributeText(part.modality ?? part.type ?? 'media'),
    count(part.size, 'byte'),
    part.type === 'file' ? attributeText(part.file_id ?? '') : link,
    link === undefined && part.type !== 'file' && url === undefined ? unrecordedText(part) : undefined,
  ];
  return joinedFacts(facts, ', ').slice(0, 1000);
}

/** The bytes of one image, sound or file that the option `media: 'inline'` records. */
const MAX_INLINE_BYTES = 2 ** 20;

function unrecordedText({ size }: SpanPart): string {
  const isTooLarge = typeof size === 'number' && size > MAX_INLINE_BYTES;
  return isTooLarge ? "not recorded: the option media: 'inline' records up to 1 MiB" : 'not recorded';
}

export function recordedMedia(part: SpanPart): { readonly type: string; readonly url: string | undefined } {
  const [, urlType, urlContent] = MEDIA_URL.exec(part.type === 'uri' ? attributeText(part.uri) : '') ?? [];
  const type = urlType ?? (typeof part.mime_type === 'string' ? part.mime_type : '');
  const content = urlContent ?? (part.type === 'blob' ? part.content : undefined);
  const isBytes = typeof content === 'string' && /^[\w+/]+=*$/.test(content);
  return { type, url: isBytes ? `data:${type};base64,${content}` : undefined };
}
