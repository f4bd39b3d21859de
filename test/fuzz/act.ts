import type OpenAI from 'openai';
import { isStream } from '../canary/stage.ts';
import { type FuzzProgram, SECRETS } from './programs.ts';
import { make, type Recipe } from './recipe.ts';

const MOST_SEEN = 2_000;

/** Runs a program, and returns all that it has seen: values, chunks, errors. */
export async function act(program: FuzzProgram, client: OpenAI, body: Recipe): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const see = async (ask: () => unknown): Promise<unknown> => {
    try {
      const value = await ask();
      if (isStream(value)) for await (const chunk of value) note(chunk);
      else note(bodyOf(value));
      return value;
    } catch (error) {
      note({ failed: describe(error) });
      return undefined;
    }
  };
  const note = (value: unknown): void => {
    if (seen.length < MOST_SEEN) seen.push(value);
  };
  await program.run({ client, body: make(body) as never, secrets: SECRETS, see });
  return seen;
}

/** What a page holds beside its body is the program's own request. */
function bodyOf(value: unknown): unknown {
  const page = typeof value === 'object' && value !== null && 'getPaginatedItems' in value;
  return page ? { page: (value as { body?: unknown }).body } : value;
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { status, code, type, param, error: body } = error as Error & Record<string, unknown>;
  return { class: error.constructor.name, message: error.message, status, code, type, param, body };
}
