import { RELEASE_CASES, type ReleaseCase } from '../../test/loading/release-programs.ts';
import { problemsOnRelease, writeReleasePrograms } from '../../test/loading/run-release.ts';
import {
  NEWEST_NODE_LANE,
  PROGRAM_LANES,
  RELEASE_NODE_LANES,
  RELEASES_LANE,
} from '../../test/support/lanes/lanes.ts';
import { nodeIn } from '../../test/support/lanes/paths.ts';
import { makeLanes } from '../../test/support/lanes/prepare.ts';
import { packPackage } from '../../test/support/lanes/tarball.ts';

export interface ReleaseOutcome {
  readonly node: string;
  /** How many of the programs run as without the instrumentation, and are traced. */
  readonly passed: number;
  readonly problems: readonly string[];
}

const AT_ONCE = 2;

/** All programs run on these. On the others, those run that `npm run test:all` has. */
const WITH_ALL = [
  '22.15.0',
  '22.18.0',
  '24.11.0',
  '25.0.0',
  process.versions.node,
  NEWEST_NODE_LANE.packages.node,
];

const casesOn = (node: string): readonly ReleaseCase[] =>
  RELEASE_CASES.filter(({ isCommon }) => isCommon || WITH_ALL.includes(node));

/** Runs the programs of `test/loading` on each release of Node. */
export async function runReleases(): Promise<ReleaseOutcome[]> {
  await makeLanes([...PROGRAM_LANES, RELEASES_LANE, ...RELEASE_NODE_LANES], await packPackage());
  const folder = await writeReleasePrograms();
  const outcomes: ReleaseOutcome[] = [];
  const commands = [
    ...RELEASE_NODE_LANES.map(({ name, packages }) => [String(packages.node), nodeIn(name)] as const),
    [process.versions.node, process.execPath] as const,
  ];
  for (const [node, command] of commands) outcomes.push(await runRelease(node, command, folder));
  return outcomes.sort((one, other) => one.node.localeCompare(other.node, 'en', { numeric: true }));
}

async function runRelease(node: string, command: string, folder: string): Promise<ReleaseOutcome> {
  const waiting = [...casesOn(node)];
  const problems: string[] = [];
  let passed = 0;
  const worker = async (): Promise<void> => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      const found = await problemsOnRelease(command, folder, each);
      if (found.length === 0) passed++;
      else problems.push(`Node ${node}: ${each.title} ${found.join(', ')}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  console.log(`Node ${node}: ${passed} of ${casesOn(node).length} programs`);
  return { node, passed, problems };
}

/** Renders the table of releases. */
export function releasesTable(outcomes: readonly ReleaseOutcome[]): string {
  const rows = outcomes.map(({ node, passed }) => `| ${node} | ${passed} of ${casesOn(node).length} |`);
  return `## Releases of Node

Programs that import \`openai\` beside CommonJS packages, such as \`express\` and \`axios\`, ran on these releases with \`…/register\` or a setup of
their own, some beside \`tsx\` or another loader, in workers and child processes. Each had the same exit code and output as without the
instrumentation, and a span for each call.

| Node | programs |
| --- | --- |
${rows.join('\n')}

Node 22.15.0 to 22.22.2, 23.5 to 23.11, 24.0.0 to 24.11.0 and 25.0.0 cannot link imported CommonJS while a load hook of
\`module.registerHooks\` is registered. There, the instrumentation hooks one file of \`openai\` at a time, and no other file. If another package
registers a load hook, the program ends with \`ERR_VM_MODULE_LINK_FAILURE\`, and one line on stderr names the release to update to: 22.22.3,
24.11.1 or 25.1.`;
}
