// Compares the tree of paths with the paths that the resource classes of the installed `openai` call:
// `node scripts/check-routes.ts`, or with another folder of resource classes as its parameter. Prints the paths that
// are not in the tree, and fails if there are any.
// Run it after an update of `openai`. Paths of older major versions stay in the tree.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATHS, type PathTree } from '../src/sdk/routes/table.ts';

const resources = process.argv[2] ?? join(import.meta.dirname, '../node_modules/openai/resources');

/** Finds calls such as `client.get(path `/threads/${threadID}`` and `client.getAPIList('/models'`. */
const CALL = /_client\s*\.(?:get|post|put|patch|delete|getAPIList)\((?:path\s?)?(['`])(\/.*?)\1/g;

/** A path without the names of its parameters: `/threads/{}/runs`. */
function shape(path: string): string {
  return path.replace(/\?.*/, '').replace(/\$?\{.*?\}/g, '{}');
}

function shapesOf(tree: PathTree, above = ''): string[] {
  return Object.entries(tree).flatMap(([segment, below]) => {
    const path = `${above}/${shape(segment)}`;
    return [path, ...shapesOf(below, path)];
  });
}

const known = new Set(shapesOf(PATHS));
const called = new Set<string>();
for (const file of readdirSync(resources, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.mjs')) continue;
  const source = readFileSync(join(resources, file), 'utf8');
  for (const [, , path = ''] of source.matchAll(CALL)) called.add(shape(path));
}

const missing = [...called].filter((path) => !known.has(path)).toSorted();
for (const path of missing) console.log(`not in the tree: ${path}`);
console.log(`${called.size} paths called by openai, ${missing.length} not in the tree of ${known.size}`);
if (missing.length > 0 || called.size === 0) process.exitCode = 1;
