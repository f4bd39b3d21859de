import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { textField } from '../util/payload.ts';
import { notice } from './report.ts';

/**
 * Reports a version of Node without synchronous module hooks, if the program is an ES module.
 *
 * @param main the file that the process was started with
 */
export function noticeNodeVersion(main: string | undefined, version: string): void {
  if (main !== undefined && isModule(main)) notice('node_too_old', runtimeName(version));
}

/** Bun and Deno also tell a version of Node. */
function runtimeName(version: string): string {
  const { bun, deno } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node ${version}` : `Deno ${deno}`;
}

/** Decides by the extension, else by the nearest package.json. */
function isModule(file: string): boolean {
  const extension = /\.([cm])[jt]s$/.exec(file)?.[1];
  if (extension !== undefined) return extension === 'm';
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest)) return isModulePackage(manifest);
    if (directory === dirname(directory)) return false;
  }
}

/** @throws when the file cannot be read or parsed */
export function isModulePackage(manifest: string): boolean {
  return textField(JSON.parse(readFileSync(manifest, 'utf8')), 'type') === 'module';
}
