import { FIRST_WITH_SOCKETS, MATRIX_LANES, RUNTIMES_LANE } from '../../test/support/lanes/lanes.ts';
import type { Behaviour } from '../../test/transparency/behaviour.ts';
import { FRAMEWORKS, type Framework } from '../../test/transparency/behaviours/frameworks.ts';
import { BEHAVIOURS } from '../../test/transparency/behaviours/index.ts';
import { SOCKETS } from '../../test/transparency/behaviours/sockets.ts';
import type { Cell } from '../../test/transparency/cell.ts';

/** A column of a table: cells that show the same behaviours on the same version. */
export interface Column {
  readonly title: string;
  readonly cells: readonly Cell[];
  readonly behaviours: readonly Behaviour[];
  /** The library that makes the calls, if it is not the program. */
  readonly framework?: Framework;
}

const NODES = ['node-22', 'node-24', 'node-26'] as const;
const FORMATS = ['cjs', 'mjs'] as const;

const VERSIONS: readonly string[] = [...new Set(MATRIX_LANES.map(({ openai }) => openai))];

/** Each version of `openai` on Node: with both SDKs of OpenTelemetry, each version of Node, and both module formats. */
const NODE_COLUMNS: readonly Column[] = VERSIONS.map((version) => ({
  title: version.replace(/\.0$/, ''),
  behaviours: version === FIRST_WITH_SOCKETS ? SOCKETS : BEHAVIOURS,
  cells: MATRIX_LANES.filter(({ openai }) => openai === version).flatMap((lane) =>
    NODES.flatMap((runtime) => FORMATS.map((format) => ({ lane, runtime, format }))),
  ),
}));

/** The newest version of `openai` on runtimes whose modules cannot be hooked. */
const RUNTIME_COLUMNS: readonly Column[] = [
  ['Bun', 'bun'] as const,
  ['Deno', 'deno'] as const,
  ['workerd', 'workerd'] as const,
].map(([title, runtime]) => ({
  title,
  cells: [{ lane: RUNTIMES_LANE, runtime, format: 'mjs' }],
  behaviours: BEHAVIOURS,
}));

/** Libraries that make the calls: in all of their lanes, and with both module formats. */
const FRAMEWORK_COLUMNS: readonly Column[] = FRAMEWORKS.map((framework) => ({
  title: framework.title,
  cells: framework.lanes.flatMap((lane) => FORMATS.map((format) => ({ lane, runtime: 'node-24', format }))),
  behaviours: framework.behaviours,
  framework,
}));

export const COLUMNS: readonly Column[] = [...NODE_COLUMNS, ...RUNTIME_COLUMNS, ...FRAMEWORK_COLUMNS];

/** The name of a cell in messages. */
export function nameOf({ lane, runtime, format }: Cell): string {
  const modules = format === 'cjs' ? 'CommonJS' : 'ES modules';
  const library = FRAMEWORKS.find(({ lanes }) => lanes.includes(lane))?.title;
  return `${library === undefined ? '' : `${library}, `}openai ${lane.openai}, ${runtime.replace('node-', 'Node ')}, SDK ${lane.line}, ${modules}`;
}
