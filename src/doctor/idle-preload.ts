import { builtIn } from '../util/built-in.ts';
import { installsMissing } from '../util/optional-packages.ts';
import { printToStderr } from '../util/process-warning.ts';
import { nodeOptions } from '../util/variables.ts';
import { NAME } from '../util/version.ts';

const PRELOAD_OPTION = /^(?:-r|--require|--import)$/;
/** Matches what names the main entry: the package, or its folder or file in `node_modules`. */
const MAIN_ENTRY = new RegExp(
  `(?:^|[\\\\/]node_modules[\\\\/])${NAME}(?:[\\\\/](?:dist[\\\\/]index\\.[cm]js)?)?$`,
);
const REGISTER_ENTRY = new RegExp(`${NAME}[\\\\/](?:dist[\\\\/])?register`);

/** Prints one line if the start command preloads the main entry, which records nothing by itself. */
export function reportIdlePreload(): void {
  // Workers have the options of their process. In Bun, a preload cannot set up hooks.
  if (builtIn('node:worker_threads')?.isMainThread === false || installsMissing()) return;
  const { execArgv = [] }: Partial<NodeJS.Process> = globalThis.process ?? {};
  const words = [...execArgv, ...nodeOptions().replaceAll('"', '').split(/\s+/)];
  const preloads = words.flatMap((word, index) => {
    const [option = '', attached] = word.split(/=([\s\S]*)/, 2);
    return PRELOAD_OPTION.test(option) ? [[option, attached ?? words[index + 1] ?? ''] as const] : [];
  });
  const idle = preloads.find(([, entry]) => MAIN_ENTRY.test(entry));
  if (idle === undefined || preloads.some(([, entry]) => REGISTER_ENTRY.test(entry))) return;
  const [option] = idle;
  printToStderr(`${option} ${NAME} alone records nothing. Write ${option} ${NAME}/register instead.`);
}
