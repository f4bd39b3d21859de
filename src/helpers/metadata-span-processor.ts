import type { Attributes, Context } from '@opentelemetry/api';
import { addedMetadata, metadataIn } from '../telemetry/metadata.ts';
import { guard } from '../util/guard.ts';

/**
 * A span processor that adds the metadata of `withMetadata` to all spans below it, whichever instrumentation creates
 * them. The spans of this package carry it without the processor.
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
