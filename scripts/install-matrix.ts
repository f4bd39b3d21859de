/**
 * Installs the packed package with each package manager, both SDK versions of OpenTelemetry and several versions of
 * Node. Runs a first program in each project, and writes the results to docs/install.md.
 *
 *   npm run install-matrix
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../test/support/lanes/command.ts';
import { ROOT } from '../test/support/lanes/paths.ts';
import { packPackage } from '../test/support/lanes/tarball.ts';
import { startSimulator } from '../test/support/simulator/index.ts';
import { documentOf, type Row } from './install-matrix/document.ts';
import { LINES, MANAGERS, NODES } from './install-matrix/managers.ts';
import { installTools, tryCell } from './install-matrix/project.ts';

const tools = await mkdtemp(join(tmpdir(), 'install-tools-'));
const simulator = await startSimulator();
try {
  const rows = await tryAll();
  await writeFile(join(ROOT, 'docs', 'install.md'), documentOf(rows));
  process.exitCode = rows.every(({ result }) => result === 'ok') ? 0 : 1;
} finally {
  await simulator.close();
  await rm(tools, { recursive: true, force: true });
}

async function tryAll(): Promise<Row[]> {
  const { path: tarball } = await packPackage();
  const registry = (await mustRun('npm', ['config', 'get', 'registry'], { cwd: ROOT })).trim();
  const sources = [...new Set(MANAGERS.map(({ source }) => source))];
  const managers = await installTools(sources, join(tools, 'managers'));
  const rows: Row[] = [];
  for (const node of NODES) {
    const nodes = await installTools([`node@${node.version}`], join(tools, node.name));
    for (const manager of MANAGERS) {
      for (const line of LINES) {
        const result = await tryCell({
          manager,
          managerFile: join(managers, manager.bin),
          packages: line.packages,
          node: join(nodes, 'node', 'bin', 'node'),
          tarball,
          registry,
          baseUrl: simulator.url,
        });
        console.log(`${manager.name}, ${line.name}, ${node.name}: ${result}`);
        rows.push({ manager: manager.name, line: line.name, node: node.name, result });
      }
    }
  }
  return rows;
}
