import { PACKAGE } from './child.ts';

export type Format = 'cjs' | 'mjs';

/** How `…/register` is loaded before a program. */
export const REGISTER: Readonly<Record<Format, readonly string[]>> = {
  mjs: ['--import', `${PACKAGE}/register`],
  cjs: ['--require', `${PACKAGE}/register`],
};

/** Both ways of writing a program, as rows for `describe.each`. */
export const FORMATS: readonly Format[] = ['mjs', 'cjs'];

/** A module that is loaded before the program and makes standard error look like a terminal. */
export const AS_TERMINAL: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent('process.stderr.isTTY = true; process.stderr.columns = 120;')}`,
];

/**
 * The text of a program that has a client, `client`, and may `ask()` it for a chat completion; `load(name)` imports
 * or requires.
 *
 * @param beginning what comes before `openai` is loaded
 */
export function programText(
  format: Format,
  body: string,
  { openai = 'openai', beginning = '' }: { openai?: string; beginning?: string } = {},
): string {
  const load =
    format === 'mjs' ? `const load = (name) => import(name);` : `const load = async (name) => require(name);`;
  const text = `
    ${beginning}
    const { OpenAI } = await load('${openai}');
    const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
    const ask = (model = 'gpt-4o', asked = client) =>
      asked.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
    ${body}
  `;
  return format === 'mjs' ? `${load}\n${text}` : `${load}\n(async () => {${text}})();`;
}
