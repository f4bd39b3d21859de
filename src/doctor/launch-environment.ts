import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { hasConfigurationFile } from '../config/configuration-file.ts';
import { NAME } from '../util/version.ts';
import { readRegularFile } from './files.ts';
import { type Launch, preloadsIn } from './start-scripts.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Bytes of a file of variables. */
const MAX_ENVIRONMENT_FILE_SIZE = 1_000_000;

/**
 * The variables that a program is started with: those of its `--env-file` give way to those of the shell and of the
 * command.
 *
 * @param folder where the command is run
 */
export function environmentOf(launch: Launch, folder: string, environment: Variables): Variables {
  const files = launch.environmentFiles.map((file) => readVariables(resolve(folder, file)));
  return Object.assign({}, ...files, environment, launch.environment);
}

/** Whether `…/register` sets up the exporters of a program by a configuration file. */
export function usesConfigurationFile(launch: Launch, environment: Variables): boolean {
  const preloads = [...launch.preloads, ...preloadsIn(environment.NODE_OPTIONS)];
  return hasConfigurationFile(environment) && preloads.includes(`${NAME}/register`);
}

/** Of OpenTelemetry and Node alone: such files mostly hold secrets. */
function readVariables(file: string): Variables {
  // Before Node 20.12 there is none.
  if (typeof parseEnv !== 'function') return {};
  const variables = parseEnv(readRegularFile(file, MAX_ENVIRONMENT_FILE_SIZE) ?? '');
  return Object.fromEntries(Object.entries(variables).filter(([name]) => /^OTEL_|^NODE_OPTIONS$/.test(name)));
}
