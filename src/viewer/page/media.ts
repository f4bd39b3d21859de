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

const isWideNow = mediaSignal('(min-width: 1101px)');
const isWideOnScreen = signal(isWideNow.value);
// Paper is narrower than the screen, and keeps the layout of that.
isWideNow.subscribe((isWide) => {
  if (!matchMedia('print').matches) isWideOnScreen.value = isWide;
});

/** Whether there is room for details beside the timeline. */
export const isWide: ReadonlySignal<boolean> = isWideOnScreen;
