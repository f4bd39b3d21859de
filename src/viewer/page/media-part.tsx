import type { VNode } from 'preact';
import { count, joinedFacts } from '../amounts.ts';
import { attributeText, type SpanPart } from '../messages.ts';

/** Image types that browsers only decode. Others, such as SVG, can contain code and are not shown. */
const SHOWN_IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const SHOWN_AUDIO = /^audio\/(?:aac|flac|mp3|mp4|mpeg|ogg|wav|webm|x-wav)$/;
const MEDIA_URL = /^data:((?:image|audio)\/[\w-]{1,10});base64,([\w+/=]+)$/;

/** An image or audio if its bytes were recorded, else a line that describes it. Nothing is loaded. */
export function MediaPart({ part }: { readonly part: SpanPart }): VNode {
  const { type, url } = recordedIn(part);
  if (SHOWN_IMAGE.test(type) && url !== undefined) return <img src={url} alt={type} loading="lazy" />;
  if (SHOWN_AUDIO.test(type) && url !== undefined)
    // biome-ignore lint/a11y/useMediaCaption: what was said stands beside it.
    return <audio src={url} controls preload="none" aria-label={type} />;
  return <p class="dim">{mediaText(part)}</p>;
}

/** Describes a media part: `image/png, 78 bytes, not recorded`. */
export function mediaText(part: SpanPart): string {
  const { type, url } = recordedIn(part);
  const link =
    part.type === 'uri' && !/^data:/i.test(attributeText(part.uri))
      ? attributeText(part.uri ?? '')
      : undefined;
  const facts = [
    type || attributeText(part.modality ?? part.type ?? 'media'),
    count(part.size, 'byte'),
    part.type === 'file' ? attributeText(part.file_id ?? '') : link,
    link === undefined && part.type !== 'file' && url === undefined ? 'not recorded' : undefined,
  ];
  return joinedFacts(facts, ', ').slice(0, 1000);
}

/** The media type of a part, and its bytes as a `data:` URL if they were recorded. */
function recordedIn(part: SpanPart): { readonly type: string; readonly url: string | undefined } {
  const [, urlType, urlContent] = MEDIA_URL.exec(part.type === 'uri' ? attributeText(part.uri) : '') ?? [];
  const type = urlType ?? (typeof part.mime_type === 'string' ? part.mime_type : '');
  const content = urlContent ?? (part.type === 'blob' ? part.content : undefined);
  const isBytes = typeof content === 'string' && /^[\w+/]+=*$/.test(content);
  return { type, url: isBytes ? `data:${type};base64,${content}` : undefined };
}
