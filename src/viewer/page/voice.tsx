import { computed, type ReadonlySignal } from '@preact/signals';
import type { VNode } from 'preact';
import { dollars, explainedCost, formatMilliseconds, grouped } from '../amounts.ts';
import type { ModalityAmount, ModalityCosts } from '../modalities.ts';
import type { Row } from '../tree.ts';
import type { Voice } from '../voice.ts';
import { Table } from './facts.tsx';
import { opened } from './state.ts';

const MAX_LISTED_UTTERANCES = 200;
/** The maximum length of the words of an utterance, in UTF-16 units. The conversation shows all of them. */
const MAX_SAID_LENGTH = 200;

/** Who spoke when, for each realtime session of the open trace. */
export const voices: ReadonlySignal<ReadonlyMap<Row, Voice>> = computed(
  () => new Map(opened.value?.trace.summary.voices.map((voice) => [voice.session, voice] as const)),
);

export function VoiceTable({ voice: { utterances } }: { readonly voice: Voice }): VNode {
  const more = utterances.length - MAX_LISTED_UTTERANCES;
  return (
    <>
      <Table
        className="amounts"
        caption="Who spoke when"
        headings={['After', 'Speaker', 'For', 'Said']}
        rows={utterances.slice(0, MAX_LISTED_UTTERANCES).map(({ speaker, from, to, text, cutOff }) => [
          formatMilliseconds(from),
          speaker === 'user' ? 'User' : 'Assistant',
          formatMilliseconds(to - from),
          <>
            {text !== undefined && `${shortened(text)} `}
            {cutOff !== undefined && <span class="dim">{cutOff}</span>}
          </>,
        ])}
      />
      {more > 0 && <p class="dim">{`and ${grouped(more)} more`}</p>}
    </>
  );
}

function shortened(text: string): string {
  return text.length > MAX_SAID_LENGTH ? `${text.slice(0, MAX_SAID_LENGTH)}…` : text;
}

export function ModalityTable({ amounts }: { readonly amounts: readonly ModalityAmount[] }): VNode {
  return (
    <Table
      className="amounts"
      caption="Tokens and cost by modality"
      headings={['Modality', 'Input', 'Cached', 'Output', 'Cost']}
      rows={amounts.map((amount) => [
        amount.label,
        tokenCell(amount, 'input'),
        tokenCell(amount, 'cached'),
        tokenCell(amount, 'output'),
        explainedCost(amount.cost, amount.unpriced) ?? 'not known',
      ])}
    />
  );
}

function tokenCell(amount: ModalityAmount, part: keyof ModalityCosts): VNode {
  const cost = amount[part] > 0 ? dollars(amount.costs?.[part]) : undefined;
  return (
    <>
      {grouped(amount[part])}
      {cost !== undefined && <div class="dim">{cost}</div>}
    </>
  );
}
