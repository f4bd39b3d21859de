import { terminalSafe } from '../util/terminal-safe.ts';

const NORMAL_FINISH_REASONS: ReadonlySet<string | undefined> = new Set(['stop', 'tool_calls', 'completed']);

export function unusualFinish(value: unknown): string | undefined {
  const text = words(value);
  return NORMAL_FINISH_REASONS.has(text) ? undefined : text;
}

/** Joins an attribute's string or strings with commas; `undefined` if it has none. */
export function words(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  const shown = list.filter((word) => typeof word === 'string' && word !== '');
  return shown.length > 0 ? terminalSafe(shown.join(', '), 100) : undefined;
}
