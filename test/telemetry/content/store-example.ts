import { ContentStore } from '../../../src/export.ts';
import { OpenAIInstrumentation } from '../../../src/index.ts';

const uploaded = new Map<string, string>();

const store = new ContentStore({
  // Or write to a folder: `folder: '/var/lib/content'`.
  write: async (name, json) => {
    uploaded.set(name, json);
  },
  baseUrl: 's3://bucket/content/',
});

// Spans and events contain references only.
const instrumentation = new OpenAIInstrumentation({
  captureMessageContent: 'NO_CONTENT',
  completionHook: store.hook,
});

// The example of docs/privacy.md ends here.
export function example(): {
  instrumentation: OpenAIInstrumentation;
  uploaded: ReadonlyMap<string, string>;
} {
  return { instrumentation, uploaded };
}
