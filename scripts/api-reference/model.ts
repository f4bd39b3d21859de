import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, type ExtractorMessage } from '@microsoft/api-extractor';
import { type ApiItem, ApiModel } from '@microsoft/api-extractor-model';

const ROOT: string = join(import.meta.dirname, '..', '..');

/** The exports of an entry in `dist/`, read from its types and sorted by name. */
export function exportsOf(entry: string): readonly ApiItem[] {
  const directory = mkdtempSync(join(tmpdir(), 'api-'));
  try {
    const apiJsonFilePath = join(directory, 'entry.api.json');
    const extractorConfig = ExtractorConfig.prepare({
      configObject: {
        projectFolder: ROOT,
        mainEntryPointFilePath: join(ROOT, 'dist', `${entry}.d.mts`),
        compiler: { tsconfigFilePath: join(ROOT, 'tsconfig.json') },
        apiReport: { enabled: false },
        docModel: { enabled: true, apiJsonFilePath },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: join(ROOT, 'package.json'),
    });
    Extractor.invoke(extractorConfig, { localBuild: true, messageCallback: keepQuiet });
    const [point] = new ApiModel().loadPackage(apiJsonFilePath).entryPoints;
    return point?.members ?? [];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Silences the extractor's warnings: the compiler checks types, and the spelling of comment tags does not matter. */
function keepQuiet(message: ExtractorMessage): void {
  message.handled = message.logLevel !== 'error';
}
