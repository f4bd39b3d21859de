import { ContentStore } from '../../../src/export.ts';
import { OpenAIInstrumentation } from '../../../src/index.ts';

const uploaded = new Map<string, Uint8Array>();

const store = new ContentStore({
  put: (name, bytes) => uploaded.set(name, bytes), // or `folder: '/var/lib/content'`
  baseUrl: 's3://bucket/content/',
});
const instrumentation = new OpenAIInstrumentation({ completionHook: store.hook });

// The example of docs/privacy.md ends here.
export function example(): {
  instrumentation: OpenAIInstrumentation;
  uploaded: ReadonlyMap<string, Uint8Array>;
} {
  return { instrumentation, uploaded };
}
