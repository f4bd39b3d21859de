/** Measures `maskText` on long texts of several kinds, for docs/masking.md: `node bench/masking.ts`. */
import { performance } from 'node:perf_hooks';
import { type Completion, maskingHook, maskText } from '../src/client.ts';

const MASKED =
  'Ada <ada@example.com>, +49 30 1234567, card 4111 1111 1111 1111, key sk-proj-abcdefghijklmnop1234. ';
const PROSE =
  'A derivative is the slope of a function at one point, and an integral is the area below it between two. ';

const TEXTS: Readonly<Record<string, string>> = {
  'prose, nothing to mask': PROSE,
  'one find of each kind in 400 characters': `${PROSE.repeat(3)}${MASKED}`,
  'nothing but finds': MASKED,
  'nothing but digits in pairs': '00 12 34 56 78 ',
  'nothing but `@`': '@',
  'prefixes of keys': 'sk-a ghp_ eyJ- Bearer ',
};
const LENGTHS = [10_000, 100_000, 1_000_000];
const ROUNDS = 30;

/** The shortest time of several rounds, in milliseconds. Other programs on the machine make rounds longer. */
function timeOf(run: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

function textOf(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

const shown = (milliseconds: number): string =>
  milliseconds < 1
    ? milliseconds.toFixed(2)
    : milliseconds < 10
      ? milliseconds.toFixed(1)
      : milliseconds.toFixed(0);

for (const piece of Object.values(TEXTS)) timeOf(() => maskText(textOf(piece, 100_000)));
console.log(
  `| milliseconds for characters | ${LENGTHS.map((length) => length.toLocaleString('en-US')).join(' | ')} |`,
);
console.log(`| --- |${' ---: |'.repeat(LENGTHS.length)}`);
for (const [name, piece] of Object.entries(TEXTS)) {
  const times = LENGTHS.map((length) => {
    const text = textOf(piece, length);
    return shown(timeOf(() => maskText(text)));
  });
  console.log(`| ${name} | ${times.join(' | ')} |`);
}

const hook = maskingHook();
const conversation = timeOf(() => {
  const content = textOf(`${PROSE.repeat(3)}${MASKED}`, 4_096);
  const inputMessages = Array.from({ length: 100 }, () => ({
    role: 'user',
    parts: [{ type: 'text', content }],
  }));
  hook({ inputMessages } as unknown as Completion);
});
console.log(`\n100 messages of 4 KB: ${shown(conversation)} ms`);
