import { ContentStore } from '../../../src/export.ts';
import { OpenAIInstrumentation } from '../../../src/index.ts';

const uploaded = new Map<string, string>();

const store = new ContentStore({
  write: (name, json) => uploaded.set(name, json), // or `folder: '/var/lib/content'`
  baseUrl: 's3://bucket/content/',
});
const instrumentation = new OpenAIInstrumentation({ completionHook: store.hook });

// The example of docs/privacy.md ends here.
export function example(): {
  instrumentation: OpenAIInstrumentation;
  uploaded: ReadonlyMap<string, string>;
} {
  return { instrumentation, uploaded };
}
