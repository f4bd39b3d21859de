import type { Attributes, Context } from '@opentelemetry/api';
import { metadataIn } from '../telemetry/metadata.ts';
import { guard } from '../util/guard.ts';

/**
 * A span processor of OpenTelemetry's SDK that stamps what the program says with `withMetadata` on all spans
 * below it, whoever makes them; those of this package have it anyway.
 */
export class MetadataSpanProcessor {
  onStart(span: { setAttributes(attributes: Attributes): unknown }, context: Context): void {
    guard('stamping metadata', () => {
      const metadata = metadataIn(context);
      if (metadata !== undefined) span.setAttributes(metadata);
    });
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
