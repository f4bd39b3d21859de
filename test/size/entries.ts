/** What an entry of the package may cost those who import it. */
export interface Entry {
  /** The name of its files in `dist`. */
  readonly name: string;
  /** Kilobytes (1,000 bytes) of it in a minified bundle, other packages left out. */
  readonly kilobytes: number;
  /** All packages that importing it loads, and modules of Node. */
  readonly loads: readonly string[];
}

const API = '@opentelemetry/api';
/** What module hooks are made of. */
const HOOKS = ['node:fs', 'node:module', 'node:path', 'node:url', 'node:util'];

/** The limits are about five per cent above what the entries are. */
export const ENTRIES: readonly Entry[] = [
  { name: 'agents', kilobytes: 480, loads: [API] },
  { name: 'bundler', kilobytes: 4, loads: ['node:fs', 'node:fs/promises', 'node:path', 'node:url'] },
  { name: 'client', kilobytes: 480, loads: [API] },
  { name: 'export', kilobytes: 690, loads: [API] },
  { name: 'index', kilobytes: 490, loads: [API, ...HOOKS] },
  { name: 'openai', kilobytes: 480, loads: [API, 'openai'] },
  { name: 'register', kilobytes: 700, loads: [API, ...HOOKS] },
  { name: 'testing', kilobytes: 9, loads: [] },
];
