import { count, dollars, explainedCost, formatMilliseconds, grouped } from '../amounts.ts';
import type { ModalityAmount, ModalityCosts } from '../modalities.ts';
import { spokenTime, type Utterance, type Voice } from '../voice.ts';
import { element } from './element.ts';

/** Utterances that a lane shows. */
const MAX_LANE_PARTS = 2_000;
/** The same for interruptions. */
const MAX_MARKS = 1_000;
/** Utterances that the table lists. */
const MAX_LISTED_UTTERANCES = 200;
/** UTF-16 units of what was said. The conversation has all of it. */
const MAX_SAID_LENGTH = 200;

const SPEAKER_NAMES: Readonly<Record<Utterance['speaker'], string>> = {
  user: 'User',
  assistant: 'Assistant',
};

/** The labels of what the bar of a session shows, for its legend. */
export const VOICE_LABELS: Readonly<Record<string, string>> = {
  'speech-user': 'user speaks',
  'speech-assistant': 'assistant speaks',
  cut: 'interruption',
};

/** Who spoke when, in the bar of a session: the user above the assistant. */
export function voiceParts(voice: Voice): HTMLElement[] {
  return [...lane(voice, 'user'), ...lane(voice, 'assistant'), ...marks(voice)];
}

/** The same by itself, with names. */
export function voiceStrip(voice: Voice): HTMLElement {
  const named = (speaker: Utterance['speaker']): HTMLElement => {
    const times = count(voice.utterances.filter((each) => each.speaker === speaker).length, 'time', 'times');
    const name = SPEAKER_NAMES[speaker];
    const said =
      times === undefined
        ? 'is silent'
        : `speaks ${times}, ${formatMilliseconds(spokenTime(voice, speaker))} in all`;
    return element(
      'div',
      { class: 'voice-lane' },
      element('span', { class: 'dim' }, name),
      element(
        'span',
        { class: 'voice-track', role: 'img', 'aria-label': `${name} ${said}` },
        ...lane(voice, speaker),
        ...marks(voice),
      ),
      element('span', { class: 'dim' }, formatMilliseconds(spokenTime(voice, speaker))),
    );
  };
  return element(
    'div',
    { class: 'voice-strip', role: 'group', 'aria-label': 'Who spoke when' },
    named('user'),
    named('assistant'),
  );
}

/** What was said when, by whom and for how long. */
export function voiceTable({ utterances }: Voice): HTMLElement {
  const rows = utterances
    .slice(0, MAX_LISTED_UTTERANCES)
    .map(({ speaker, from, to, text, cutOff }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, formatMilliseconds(from)),
        element('td', {}, SPEAKER_NAMES[speaker]),
        element('td', {}, formatMilliseconds(to - from)),
        element(
          'td',
          {},
          text === undefined ? '' : element('span', { class: 'voice-text' }, shortened(text)),
          cutOff === undefined ? '' : element('span', { class: 'badge' }, cutOff),
        ),
      ),
    );
  const more = utterances.length - rows.length;
  return element(
    'table',
    { class: 'amounts' },
    element('caption', {}, 'Who spoke when'),
    headings('After', 'Speaker', 'For', 'Said'),
    rows,
    more > 0 && element('tr', {}, element('td', { colspan: 4 }, `and ${grouped(more)} more`)),
  );
}

/** Tokens and cost of each modality. */
export function modalityTable(amounts: readonly ModalityAmount[]): HTMLElement | undefined {
  if (amounts.length === 0) return undefined;
  return element(
    'table',
    { class: 'amounts' },
    element('caption', {}, 'Tokens and cost by modality'),
    headings('Modality', 'Input', 'Cached', 'Output', 'Cost'),
    amounts.map((amount) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, amount.label),
        ...(['input', 'cached', 'output'] as const).map((part) => tokenCell(amount, part)),
        element('td', {}, explainedCost(amount.cost, amount.unpriced) ?? 'not known'),
      ),
    ),
  );
}

/** Tokens, and below them what they cost. */
function tokenCell(amount: ModalityAmount, part: keyof ModalityCosts): HTMLElement {
  const cost = amount[part] > 0 ? dollars(amount.costs?.[part]) : undefined;
  return element(
    'td',
    {},
    grouped(amount[part]),
    cost !== undefined && element('div', { class: 'dim' }, cost),
  );
}

function headings(...names: readonly string[]): HTMLElement {
  return element('tr', {}, ...names.map((name) => element('th', { scope: 'col' }, name)));
}

function shortened(text: string): string {
  return text.length > MAX_SAID_LENGTH ? `${text.slice(0, MAX_SAID_LENGTH)}… ` : `${text} `;
}

function lane({ length, utterances }: Voice, speaker: Utterance['speaker']): HTMLElement[] {
  return utterances
    .filter((each) => each.speaker === speaker)
    .slice(0, MAX_LANE_PARTS)
    .map(({ from, to }) => placed(`speech speech-${speaker}`, from / length, to / length));
}

function marks({ length, interruptions }: Voice): HTMLElement[] {
  return interruptions.slice(0, MAX_MARKS).map((time) => placed('cut', time / length, undefined));
}

function placed(className: string, from: number, to: number | undefined): HTMLElement {
  const part = element('span', { class: className });
  part.style.left = `${from * 100}%`;
  if (to !== undefined) part.style.width = `${(to - from) * 100}%`;
  return part;
}
