import type { Attributes, Context } from '@opentelemetry/api';
import { addedMetadata, metadataIn } from '../telemetry/metadata.ts';
import { guard } from '../util/guard.ts';

/**
 * A span processor that adds the metadata of `withMetadata` to every span that starts inside it, whichever
 * instrumentation creates the span. This package's spans carry the metadata without the processor.
 */
export class MetadataSpanProcessor {
  onStart(
    span: { readonly attributes?: Attributes; setAttributes(attributes: Attributes): unknown },
    context: Context,
  ): void {
    guard('setting metadata', () => {
      const metadata = metadataIn(context);
      if (metadata !== undefined) span.setAttributes(addedMetadata(metadata, span.attributes));
    });
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
