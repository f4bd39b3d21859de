import type { Outcome } from './try.ts';

const BEGIN = '<!-- What follows is written by `npm run e2e`. -->';
const END = '<!-- Here it ends. -->';
const PROTOCOLS = { grpc: 'gRPC', http: 'HTTP' };

/** Puts the table of outcomes into docs/backends.md. */
export function withOutcomes(document: string, outcomes: readonly Outcome[], date: string): string {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error('docs/backends.md has no place for the table');
  const text = `Run on ${date}.\n\n${table(outcomes)}\n`;
  return `${before}${BEGIN}\n\n${text}\n${END}${after}`;
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { backend, protocol, result } = outcome;
    return [`${backend.name} ${backend.version}`, PROTOCOLS[protocol], result, whatOf(outcome)];
  });
  const lines = [['backend', 'OTLP over', 'result', 'read back'], ['---', '---', '---', '---'], ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What was read back and how it differs, or why nothing was read. */
export function whatOf({ spans, points, checked, reason, notes }: Outcome): string {
  if (reason !== '') return reason;
  const attributes = notes.length === 0 ? 'with every attribute' : notes.join(', ');
  return [
    ...(spans > 0 ? [`${spans} spans as one tree, ${attributes}`] : []),
    ...(points > 0 ? [`${points} metric points`] : []),
    ...(checked === '' ? [] : [checked]),
  ].join('; ');
}
