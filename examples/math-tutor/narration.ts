import { styleText } from 'node:util';
import type OpenAI from 'openai';

/** Prints a heading, and what the reader needs to know before the program continues. */
export function explain(heading: string, ...lines: readonly string[]): void {
  print(styleText('bold', heading), ...lines, '');
}

/** Prints what a speaker of the conversation says. */
export function say(speaker: 'Student' | 'Tutor' | 'Program', text: string): void {
  print(`  ${speaker.padEnd(7)}  ${text.replaceAll('\n', `\n${' '.repeat(11)}`)}`);
}

/** The text in a piece of a streamed message. */
export function textOf({ content = [] }: OpenAI.Beta.Threads.MessageDelta): string {
  return content.map((part) => (part.type === 'text' ? (part.text?.value ?? '') : '')).join('');
}

export function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
