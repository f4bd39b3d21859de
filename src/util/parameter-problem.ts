import { terminalSafe } from './terminal-safe.ts';

/** The sentence about a wrong parameter in an error of `parseArgs`, without the advice after it. */
export function parameterProblem(error: unknown): string {
  const [problem = ''] = String(error instanceof Error ? error.message : error).split('. ');
  return `${terminalSafe(problem)}.`;
}
