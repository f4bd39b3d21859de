import { MATRIX_LANES, RUNTIMES_LANE } from '../../test/support/lanes/lanes.ts';
import type { Cell } from '../../test/transparency/cell.ts';

/** A column of the table: cells that show the same behaviours on the same version of `openai`. */
export interface Column {
  readonly title: string;
  readonly cells: readonly Cell[];
}

const NODES = ['node-22', 'node-24'] as const;
const FORMATS = ['cjs', 'mjs'] as const;

const VERSIONS: readonly string[] = [...new Set(MATRIX_LANES.map(({ openai }) => openai))];

/** Every version on Node: both lines of OpenTelemetry, both Nodes, both kinds of modules. */
const NODE_COLUMNS: readonly Column[] = VERSIONS.map((version) => ({
  title: version.replace(/\.0$/, ''),
  cells: MATRIX_LANES.filter(({ openai }) => openai === version).flatMap((lane) =>
    NODES.flatMap((runtime) => FORMATS.map((format) => ({ lane, runtime, format }))),
  ),
}));

/** The newest version where modules cannot be hooked. */
const RUNTIME_COLUMNS: readonly Column[] = [
  ['Bun', 'bun'] as const,
  ['Deno', 'deno'] as const,
  ['workerd', 'workerd'] as const,
].map(([title, runtime]) => ({ title, cells: [{ lane: RUNTIMES_LANE, runtime, format: 'mjs' }] }));

export const COLUMNS: readonly Column[] = [...NODE_COLUMNS, ...RUNTIME_COLUMNS];

/** A cell as it is spoken of. */
export function nameOf({ lane, runtime, format }: Cell): string {
  const modules = format === 'cjs' ? 'CommonJS' : 'ES modules';
  return `openai ${lane.openai}, ${runtime.replace('node-', 'Node ')}, SDK ${lane.line}, ${modules}`;
}
