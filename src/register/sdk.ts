import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ConsoleTreeExporter } from '../export/console-tree.ts';
import { field } from '../payload.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { shutDownAtExit } from './exit.ts';
import { asksForOtlp, exporterFromEnvironment, wantsTree } from './exporters.ts';
import { TreeSpanProcessor } from './tree-span-processor.ts';

const INSTALL = 'npm install @opentelemetry/api @opentelemetry/sdk-node';

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}
interface SdkConfiguration {
  spanProcessors?: readonly unknown[];
  metricReaders?: readonly unknown[];
  logRecordProcessors?: readonly unknown[];
}
type SdkClass = new (configuration: SdkConfiguration) => Sdk;

/**
 * Starts a `NodeSDK` where no tracer provider has been registered. Without the package it says once how to
 * install it and leaves the program alone.
 */
export function startSdk(telemetry: Telemetry): void {
  if (typeof field(telemetry.provider, 'forceFlush') === 'function') return;
  if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return;
  const loaded = loadSdk();
  if (loaded === undefined) {
    process.stderr.write(
      `opentelemetry-instrumentation-openai: no tracer provider is registered and @opentelemetry/sdk-node ` +
        `is not installed, so nothing is recorded. To see traces: ${INSTALL}\n`,
    );
    return;
  }
  const sdk = new loaded.NodeSDK(configuration(loaded.require));
  sdk.start();
  shutDownAtExit(() => sdk.shutdown());
}

/**
 * With the tree, the processors are ours to make; without it, `NodeSDK` makes them from the environment. Where
 * the tree is all that was asked for, metrics and logs are not sent to a collector that nobody named.
 */
function configuration(require: NodeJS.Require): SdkConfiguration {
  const { env } = process;
  if (!wantsTree(env, process.stderr.isTTY === true)) return {};
  const exporter = exporterFromEnvironment(env, require);
  const alone = !asksForOtlp(env);
  return {
    spanProcessors: [
      new TreeSpanProcessor(new ConsoleTreeExporter()),
      ...(exporter === undefined ? [] : [exporter]),
    ],
    ...(alone && env.OTEL_METRICS_EXPORTER === undefined ? { metricReaders: [] } : {}),
    ...(alone && env.OTEL_LOGS_EXPORTER === undefined ? { logRecordProcessors: [] } : {}),
  };
}

/** The program's own copy first, then one that is installed beside this package. */
function loadSdk(): { NodeSDK: SdkClass; require: NodeJS.Require } | undefined {
  for (const from of [join(process.cwd(), 'package.json'), process.argv[1], import.meta.url]) {
    if (from === undefined) continue;
    try {
      const require = createRequire(from);
      const { NodeSDK } = require('@opentelemetry/sdk-node') as { NodeSDK: SdkClass };
      return { NodeSDK, require: createRequire(require.resolve('@opentelemetry/sdk-node')) };
    } catch {
      // Not there: look further.
    }
  }
  return undefined;
}
