import { type Signal, signal } from '@preact/signals';
import type { VNode } from 'preact';

/** The widths that the reader has chosen, in pixels. */
export const widths: Readonly<Record<'list' | 'details' | 'names', Signal<number | undefined>>> = {
  list: signal(),
  details: signal(),
  names: signal(),
};

const MIN_WIDTH = 120;
/** How far an arrow key moves a divider. */
const STEP = 24;

interface DividerProps {
  readonly label: string;
  readonly of: keyof typeof widths;
  /** The element whose width it changes. */
  readonly target: (divider: HTMLElement) => Element | null;
  /** -1 where the element gets wider to the left. */
  readonly direction?: 1 | -1;
}

/** A line between two parts of the page, which can be dragged. */
export function Divider({ label, of, target, direction = 1 }: DividerProps): VNode {
  const { [of]: width } = widths;
  const widthNow = (divider: HTMLElement): number => target(divider)?.getBoundingClientRect().width ?? 0;
  const set = (pixels: number): void => {
    width.value = Math.min(Math.max(pixels, MIN_WIDTH), innerWidth - 2 * MIN_WIDTH);
  };
  const onPointerDown = (event: PointerEvent): void => {
    const divider = event.currentTarget as HTMLElement;
    const [start, from] = [event.clientX, widthNow(divider)];
    const move = ({ clientX }: PointerEvent): void => set(from + direction * (clientX - start));
    const end = (): void => {
      divider.removeEventListener('pointermove', move);
      divider.removeEventListener('lostpointercapture', end);
    };
    event.preventDefault();
    divider.setPointerCapture(event.pointerId);
    divider.addEventListener('pointermove', move);
    divider.addEventListener('lostpointercapture', end);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps = { ArrowLeft: -direction, ArrowRight: direction }[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(widthNow(event.currentTarget as HTMLElement) + steps * STEP);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved.
    <div
      class={`divider between-${of}`}
      role="separator"
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={Math.round(width.value ?? 0)}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onDblClick={() => {
        width.value = undefined;
      }}
      onKeyDown={onKeyDown}
    />
  );
}

/** A width as the value of a property of styles; `undefined` for that of the style sheet. */
export function pixels({ value }: Signal<number | undefined>): string | undefined {
  return value === undefined ? undefined : `${value}px`;
}
