/** Loads each entry of the built package in a process of its own. A build whose entries do not load has failed. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const files = Object.values(exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : Object.values(entry),
);
for (const file of files)
  execFileSync(process.execPath, ['--input-type=module', '--eval', `import '${file}'`]);
for (const file of Object.values(bin)) execFileSync(process.execPath, [file, '--version']);
