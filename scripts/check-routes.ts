// Compares the route table with the endpoints that the installed `openai` package calls, read from its
// resource classes: `node scripts/check-routes.ts`, with their folder where it is another one. Prints what has no row
// and fails if there is any.
// Run it after an update of `openai`; endpoints that older majors had stay in the table.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTE_TABLE } from '../src/sdk/routes/table.ts';

const resources = process.argv[2] ?? join(import.meta.dirname, '../node_modules/openai/resources');

/** `client.get(path `/threads/${threadID}`` and `client.getAPIList('/models'`. */
const CALL = /_client\s*\.(get|post|put|patch|delete|getAPIList)\((?:path\s?)?(['`])(\/.*?)\2/g;
/** Lists that are read by POST say so in the options of the call. */
const LIST_METHOD = /^[^;]*?method: '(\w+)'/;

/** `POST /threads/{}/runs`: an endpoint, whatever its parameters are called. */
function shape(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\?.*/, '').replace(/\$?\{.*?\}/g, '{}')}`;
}

const known = new Set(
  ROUTE_TABLE.flatMap(([template, methods]) => methods.split(' ').map((method) => shape(method, template))),
);

const called = new Set<string>();
for (const file of readdirSync(resources, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.mjs')) continue;
  const source = readFileSync(join(resources, file), 'utf8');
  for (const call of source.matchAll(CALL)) {
    const [text, verb = '', , path = ''] = call;
    const rest = source.slice(call.index + text.length);
    called.add(shape(verb === 'getAPIList' ? (LIST_METHOD.exec(rest)?.[1] ?? 'get') : verb, path));
  }
}

const missing = [...called].filter((endpoint) => !known.has(endpoint)).toSorted();
for (const endpoint of missing) console.log(`no row: ${endpoint}`);
console.log(
  `${called.size} endpoints called by openai, ${missing.length} without a row, ${known.size} in the table`,
);
if (missing.length > 0 || called.size === 0) process.exitCode = 1;
