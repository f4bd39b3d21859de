import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';

function mediaSignal(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const holds = signal(media.matches);
  media.addEventListener('change', () => {
    holds.value = media.matches;
  });
  return holds;
}

/** The width of the timeline in pixels, which decides how many columns it has; 0 until it is drawn. */
export const timelineWidth: Signal<number> = signal(0);
export const windowHeight: Signal<number> = signal(innerHeight);
addEventListener('resize', () => {
  windowHeight.value = innerHeight;
});

/** Whether span and conversation fit beside the timeline. Also true in print, where they come below it. */
export const isWide: ReadonlySignal<boolean> = mediaSignal('print, (min-width: 1101px)');
/** Whether the list fits beside the open trace. If not, they are two screens. */
export const hasRoomForList: ReadonlySignal<boolean> = mediaSignal('print, (min-width: 1400px)');

const MIN_WIDTH = 120;
/** How far a key moves a divider, and the width of a divider itself, in pixels. */
const STEP = 24;
const DIVIDER_WIDTH = 12;

/** A line that the reader can move. It sets a CSS variable: the width of the part before it. */
export function Divider({ of }: { readonly of: 'list' | 'names' | 'timeline' }): VNode {
  const moveTo = (line: Element, x: number): void => {
    const { left = 0 } = line.previousElementSibling?.getBoundingClientRect() ?? {};
    const width = Math.max(x - left - DIVIDER_WIDTH / 2, MIN_WIDTH);
    document.documentElement.style.setProperty(`--${of}`, `${width}px`);
    line.ariaValueNow = `${Math.round(width)}`;
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved.
    <div
      class={`divider of-${of}`}
      role="separator"
      aria-label={`Width of the ${of}`}
      aria-orientation="vertical"
      aria-valuenow={0}
      tabIndex={0}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={({ currentTarget, pointerId, clientX }) => {
        if (currentTarget.hasPointerCapture(pointerId)) moveTo(currentTarget, clientX);
      }}
      onKeyDown={({ currentTarget, key }) => {
        const step = { ArrowLeft: -STEP, ArrowRight: STEP }[key];
        const { left } = currentTarget.getBoundingClientRect();
        if (step !== undefined) moveTo(currentTarget, left + DIVIDER_WIDTH / 2 + step);
      }}
    />
  );
}
