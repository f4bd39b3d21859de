import { OPERATION_PROGRAMS, type OperationProgram } from '../canary/operations.ts';
import { Secrets } from '../canary/secrets.ts';
import type { Recipe } from './recipe.ts';

/** The program of an operation, whose body can be changed. */
export interface FuzzProgram extends Omit<OperationProgram, 'body'> {
  readonly body: Recipe;
}

/** Texts in bodies are canaries: without consent none may be recorded. */
export const SECRETS: Secrets = new Secrets();

export const PROGRAMS: readonly FuzzProgram[] = OPERATION_PROGRAMS.map((program) => ({
  ...program,
  body: JSON.parse(JSON.stringify(program.body(SECRETS))) as Recipe,
}));
