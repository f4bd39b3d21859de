import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, type ExtractorMessage } from '@microsoft/api-extractor';
import { type ApiItem, ApiModel } from '@microsoft/api-extractor-model';

const ROOT: string = join(import.meta.dirname, '..', '..');

/** What the types of an entry in `dist/` export, in the order of their names. */
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

/** The compiler has said what is wrong with the types; how tags of comments are spelt is a matter of taste. */
function keepQuiet(message: ExtractorMessage): void {
  message.handled = message.logLevel !== 'error';
}
