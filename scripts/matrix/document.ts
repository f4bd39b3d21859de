import { NODE_22_LANE, RUNTIMES_LANE } from '../../test/support/lanes/lanes.ts';
import { GROUPS } from '../../test/transparency/behaviours/index.ts';
import type { CellOutcome } from '../../test/transparency/cell.ts';
import type { Verdict } from '../../test/transparency/verdict.ts';
import { type Column, nameOf } from './cells.ts';

export interface ColumnOutcome {
  readonly column: Column;
  readonly outcomes: readonly CellOutcome[];
}

/** How a state is written in the table, the worst first. */
const STATES: readonly (readonly [state: Verdict['state'], text: string])[] = [
  ['changed', '**changed**'],
  ['spans', '**spans**'],
  ['ok', 'ok'],
  ['absent', 'absent'],
];

const HEAD = `# Compatibility

<!-- Written by \`npm run matrix\` from what it saw; edit scripts/matrix instead. -->

What a program sees is the same with and without this instrumentation. Each row is a program that is run twice, without
and with it. Everything that the program gets is compared deeply: values, hidden properties, classes, errors, headers,
events and their order, unhandled rejections. So is every request that the server sees, and every frame of a WebSocket.
Then the spans: those expected and no others, each ended once and with the right status, all of them as the conventions
say.

What differs is when, and only by microtasks: the result of a call comes three of them later, a chunk of a stream one
(openai 7.55). No timer and no turn of the event loop is added. And accessors among the parameters of a call are read
more often, before the SDK reads them: one that gives something else each time, or throws, is better read into a value.

- **ok**: nothing differs, and the spans are right.
- **absent**: this version of \`openai\`, or this runtime, has no such thing. Of openai 4.85, the first version with
  sockets, only these are compared.
- **changed**: the program or the server notices. **spans**: the program does not, but its spans are not right.`;

/** The page, with the table and what was wrong. */
export function compatibilityPage(columns: readonly ColumnOutcome[], date: string): string {
  const versions = columns.filter(({ column }) => column.framework === undefined);
  const titles = versions.map(({ column }) => column.title);
  const table = [
    `| | ${titles.join(' | ')} |`,
    `| --- | ${titles.map(() => '---').join(' | ')} |`,
    ...GROUPS.flatMap(([heading, behaviours]) => [
      `| **${heading}** | ${titles.map(() => '').join(' | ')} |`,
      ...behaviours.map(({ name, title }) => {
        const states = versions.map(({ outcomes }) => stateOf(name, outcomes));
        return `| ${title} | ${states.join(' | ')} |`;
      }),
    ]),
  ];
  const parts = [
    HEAD,
    ranOn(columns, date),
    table.join('\n'),
    frameworksTable(columns),
    totals(columns),
    findings(columns),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What programs do with libraries that make the calls themselves. */
export function frameworksTable(columns: readonly ColumnOutcome[]): string {
  const rows = columns.flatMap(({ column: { title, framework, cells }, outcomes }) => [
    ...(framework === undefined ? [] : [`| **${title}**, ${cells.length} runs |  |`]),
    ...(framework?.behaviours ?? []).map(
      (behaviour) => `| ${behaviour.title} | ${stateOf(behaviour.name, outcomes)} |`,
    ),
  ]);
  if (rows.length === 0) return '';
  return `Libraries that make the calls themselves, with \`OpenAIInstrumentation\` and \`instrumentAgents()\`, as CommonJS and as ES
modules, \`@openai/agents\` with both lines of OpenTelemetry. What its processors are told of its own traces is compared, too.

${['| | |', '| --- | --- |', ...rows].join('\n')}`;
}

/** What all cells of a column say, or the worst of it. */
function stateOf(behaviour: string, outcomes: readonly CellOutcome[]): string {
  const states = outcomes.map(({ verdicts }) => verdicts.get(behaviour)?.state);
  return STATES.find(([state]) => states.includes(state))?.[1] ?? '';
}

function ranOn(columns: readonly ColumnOutcome[], date: string): string {
  const node22 = NODE_22_LANE.packages.node;
  const { bun, deno, workerd } = RUNTIMES_LANE.packages;
  const cells = columns.flatMap(({ outcomes }) => outcomes).length;
  return `Run on ${date}, ${cells} times. Each column of a version of \`openai\` stands for eight runs:
Node ${node22} and ${process.versions.node}, OpenTelemetry SDK 2 and 3, CommonJS and ES modules, loaded through
\`OpenAIInstrumentation\`. Bun ${bun}, Deno ${deno} and workerd ${workerd} run \`openai\` ${RUNTIMES_LANE.openai} through \`…/client\`.`;
}

function totals(columns: readonly ColumnOutcome[]): string {
  const verdicts = columns.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => [...outcome.verdicts.values()]),
  );
  const counted = STATES.map(([state]) => {
    const count = verdicts.filter((verdict) => verdict.state === state).length;
    return `${count} ${state}`;
  });
  return `In all: ${counted.join(', ')}.`;
}

function findings(columns: readonly ColumnOutcome[]): string {
  const lines = problemsOf(columns).map((text) => `\`\`\`text\n${text}\n\`\`\``);
  return lines.length === 0 ? '' : `## Findings\n\n${lines.join('\n')}`;
}

/** Whatever is not as it should be, one text for each; none when all is well. */
export function problemsOf(columns: readonly ColumnOutcome[]): string[] {
  return columns.flatMap(({ outcomes }) =>
    outcomes.flatMap(({ cell, verdicts, findings: general }) => [
      ...[...verdicts]
        .filter(([, { state }]) => state === 'changed' || state === 'spans')
        .map(([name, verdict]) => `${nameOf(cell)}: ${name}: ${verdict.findings.join('\n')}`),
      ...[...new Set(general)].map((line) => `${nameOf(cell)}: ${line}`),
    ]),
  );
}
