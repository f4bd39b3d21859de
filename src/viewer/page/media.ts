import { type ReadonlySignal, signal } from '@preact/signals';

/** Whether a media query holds. */
function mediaSignal(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const holds = signal(media.matches);
  media.addEventListener('change', () => {
    holds.value = media.matches;
  });
  return holds;
}

export const isPrinted: ReadonlySignal<boolean> = mediaSignal('print');

/** Whether a media query holds on the screen. Paper is narrower, and keeps the layout. */
function screenSignal(query: string): ReadonlySignal<boolean> {
  const holds = signal(matchMedia(query).matches);
  mediaSignal(query).subscribe((isMatched) => {
    if (!matchMedia('print').matches) holds.value = isMatched;
  });
  return holds;
}

/** Whether there is room for details beside the timeline. */
export const isWide: ReadonlySignal<boolean> = screenSignal('(min-width: 1101px)');

/** Whether there is room for the list beside both. */
export const hasRoomForList: ReadonlySignal<boolean> = screenSignal('(min-width: 1400px)');

/** Whether the list and the open trace are two screens. */
export const isSmall: ReadonlySignal<boolean> = screenSignal('(max-width: 760px)');
