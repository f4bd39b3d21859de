import { readFileSync } from 'node:fs';

const CASES = new URL('../../test/fixtures/wire/cases.json', import.meta.url);
const LOOPBACK = /^(?:127\.|localhost$|\[::1\]$)/;

/** Renders the table of services whose answers `test/operations/wire.test.ts` replays. */
export function servicesTable(): string {
  const cases = JSON.parse(readFileSync(CASES, 'utf8')) as readonly { readonly base: string }[];
  const hosts = cases.map(({ base }) => new URL(base).hostname);
  const names = hosts.map((host) => (LOOPBACK.test(host) ? 'servers on the same machine' : `\`${host}\``));
  const counts = [...Map.groupBy(names, (name) => name)].sort(
    ([, one], [, other]) => other.length - one.length,
  );
  const rows = counts.map(([name, { length }]) => `| ${name} | ${length} |`);
  return `## Compatible services

\`test/operations/wire.test.ts\` replays ${cases.length} answers as services sent them, and checks what is recorded of each.

| service | answers |
| --- | --- |
${rows.join('\n')}`;
}
