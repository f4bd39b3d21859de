import { OTHER_NODE_LANES, RUNTIMES_LANE } from '../../test/support/lanes/lanes.ts';
import { GROUPS } from '../../test/transparency/behaviours/index.ts';
import type { CellOutcome } from '../../test/transparency/cell.ts';
import type { Verdict } from '../../test/transparency/verdict.ts';
import { type Column, nameOf } from './cells.ts';
import { type ReleaseOutcome, releasesTable } from './releases.ts';
import { servicesTable } from './services.ts';

export interface ColumnOutcome {
  readonly column: Column;
  readonly outcomes: readonly CellOutcome[];
}

/** The text of each state in the table. The worst state comes first. */
const STATES: readonly (readonly [state: Verdict['state'], text: string])[] = [
  ['changed', '**changed**'],
  ['spans', '**spans**'],
  ['ok', 'ok'],
  ['absent', 'absent'],
];

const HEAD = `# Compatibility

<!-- Written by \`npm run matrix\` from what it saw; edit scripts/matrix instead. -->

A program behaves the same with and without this instrumentation. \`npm run matrix\` runs the program of each row twice, without and with it.
Both runs must give the program the same values, hidden properties, classes, errors, headers, unhandled rejections, and events in the same
order. The server must receive the same requests and WebSocket frames. The second run must record exactly the expected spans, each ended
once, with the right status, and as the conventions require.

Only timing differs, by microtasks: the result of a call arrives three microtasks later, a chunk of a stream one (openai 7.55). The
instrumentation adds no timer and no turn of the event loop. It also reads accessors among the parameters of a call, before the SDK does: if
an accessor throws, or returns a different value each time, read it into a variable first.

- **ok**: nothing differs, and the spans are right.
- **absent**: this version of \`openai\`, or this runtime, does not have the feature.
- **changed**: the program or the server notices a difference. **spans**: only the spans are wrong.
- Empty: not run. On openai 4.85, the first version with sockets, only the socket rows run.`;

/** Renders the page, with its table and all findings. */
export function compatibilityPage(
  columns: readonly ColumnOutcome[],
  releases: readonly ReleaseOutcome[],
  date: string,
): string {
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
    releasesTable(releases),
    servicesTable(),
    findings(columns),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Renders the table of libraries that make the calls themselves. */
export function frameworksTable(columns: readonly ColumnOutcome[]): string {
  const rows = columns.flatMap(({ column: { title, framework, cells }, outcomes }) => [
    ...(framework === undefined ? [] : [`| **${title}**, ${cells.length} runs |  |`]),
    ...(framework?.behaviours ?? []).map(
      (behaviour) => `| ${behaviour.title} | ${stateOf(behaviour.name, outcomes)} |`,
    ),
  ]);
  if (rows.length === 0) return '';
  return `Libraries that call \`openai\` ran with \`OpenAIInstrumentation\` and \`instrumentAgents()\`, as CommonJS and as ES modules,
\`@openai/agents\` also with both OpenTelemetry SDKs. What the trace processors of \`@openai/agents\` receive must be the same, too.

${['| | |', '| --- | --- |', ...rows].join('\n')}`;
}

/** The worst state that a behaviour has in the cells of a column. */
function stateOf(behaviour: string, outcomes: readonly CellOutcome[]): string {
  const states = outcomes.map(({ verdicts }) => verdicts.get(behaviour)?.state);
  return STATES.find(([state]) => states.includes(state))?.[1] ?? '';
}

function ranOn(columns: readonly ColumnOutcome[], date: string): string {
  const others = OTHER_NODE_LANES.map(({ packages }) => String(packages.node));
  const nodes = new Intl.ListFormat('en-GB').format([process.versions.node, ...others].toSorted());
  const { bun, deno, workerd } = RUNTIMES_LANE.packages;
  const cells = columns.flatMap(({ outcomes }) => outcomes).length;
  return `Run on ${date}, ${cells} times. Each version of \`openai\` ran twelve times with \`OpenAIInstrumentation\`: on Node
${nodes}, with OpenTelemetry SDK 2 and 3, as CommonJS and as ES modules. Bun ${bun}, Deno ${deno} and workerd ${workerd} run \`openai\` ${RUNTIMES_LANE.openai} through \`…/client\`.`;
}

function totals(columns: readonly ColumnOutcome[]): string {
  const verdicts = columns.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => [...outcome.verdicts.values()]),
  );
  const counted = STATES.map(([state]) => {
    const count = verdicts.filter((verdict) => verdict.state === state).length;
    return `${count} ${state}`;
  });
  return `Total: ${counted.join(', ')}.`;
}

function findings(columns: readonly ColumnOutcome[]): string {
  const lines = problemsOf(columns).map((text) => `\`\`\`text\n${text}\n\`\`\``);
  return lines.length === 0 ? '' : `## Findings\n\n${lines.join('\n')}`;
}

/** All problems, one text for each. */
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
