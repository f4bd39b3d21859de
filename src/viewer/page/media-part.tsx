import type { VNode } from 'preact';
import { mediaText, recordedMedia } from '../media.ts';
import type { SpanPart } from '../messages.ts';

/** Image types that browsers only decode. Others, such as SVG, can contain code and are not shown. */
const SHOWN_IMAGE = /^image\/(?:png|jpeg|gif|webp)$/;
const SHOWN_AUDIO = /^audio\/(?:aac|flac|mp3|mp4|mpeg|ogg|wav|webm|x-wav)$/;

/** An image or audio if its bytes were recorded, else a line that describes it. Nothing is loaded. */
export function MediaPart({ part }: { readonly part: SpanPart }): VNode {
  const { type, url } = recordedMedia(part);
  if (SHOWN_IMAGE.test(type) && url !== undefined) return <img src={url} alt={type} loading="lazy" />;
  if (SHOWN_AUDIO.test(type) && url !== undefined)
    // biome-ignore lint/a11y/useMediaCaption: what was said stands beside it.
    return <audio src={url} controls preload="none" aria-label={type} />;
  return <p class="dim">{mediaText(part)}</p>;
}
