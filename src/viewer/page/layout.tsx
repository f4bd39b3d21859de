import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';

function mediaSignal(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const holds = signal(media.matches);
  media.addEventListener('change', () => {
    holds.value = media.matches;
  });
  return holds;
}

/** Whether the page is wider. Always true on paper, where all parts stand one below the other. */
function isWiderThan(width: number): ReadonlySignal<boolean> {
  const isNarrow = mediaSignal(`screen and (max-width: ${width}px)`);
  return computed(() => !isNarrow.value);
}

export const isPrinted: ReadonlySignal<boolean> = mediaSignal('print');
/** Whether the span and the conversation fit beside the timeline. */
export const isWide: ReadonlySignal<boolean> = isWiderThan(1100);
export const hasRoomForList: ReadonlySignal<boolean> = isWiderThan(1399);
/** Whether the list and the open trace are separate screens, because the page is too small for both. */
export const isSmall: ReadonlySignal<boolean> = mediaSignal('screen and (max-width: 760px)');

/** The widths that the reader has chosen, in pixels; `undefined` for those of the style sheet. */
export const widths: Readonly<Record<'list' | 'details' | 'names', Signal<number | undefined>>> = {
  list: signal(),
  details: signal(),
  names: signal(),
};

export function pixels({ value }: Signal<number | undefined>): string | undefined {
  return value === undefined ? undefined : `${value}px`;
}

const MIN_WIDTH = 120;
const STEP = 24;

interface DividerProps {
  readonly of: keyof typeof widths;
  readonly side: 'before' | 'after';
}

export function Divider({ of, side }: DividerProps): VNode {
  const { [of]: width } = widths;
  const direction = side === 'before' ? 1 : -1;
  /** The width that the part would have if the pointer were at the left edge of the window. */
  const grip = useRef(0);
  const widthNow = ({ previousElementSibling: before, nextElementSibling: after }: Element): number =>
    (side === 'before' ? before : after)?.getBoundingClientRect().width ?? 0;
  const set = (wanted: number): void => {
    width.value = Math.min(Math.max(wanted, MIN_WIDTH), innerWidth - 2 * MIN_WIDTH);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved.
    <div
      class={`divider of-${of}`}
      role="separator"
      aria-label={`Width of the ${of}`}
      aria-orientation="vertical"
      aria-valuenow={Math.round(width.value ?? 0)}
      tabIndex={0}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = widthNow(event.currentTarget) - direction * event.clientX;
      }}
      onPointerMove={({ currentTarget, pointerId, clientX }) => {
        if (currentTarget.hasPointerCapture(pointerId)) set(grip.current + direction * clientX);
      }}
      onDblClick={() => {
        width.value = undefined;
      }}
      onKeyDown={(event) => {
        const steps = { ArrowLeft: -direction, ArrowRight: direction }[event.key];
        if (steps === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        set(widthNow(event.currentTarget) + steps * STEP);
      }}
    />
  );
}
