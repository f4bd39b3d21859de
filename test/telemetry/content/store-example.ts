import { ContentStore } from '../../../src/export.ts';
import { OpenAIInstrumentation } from '../../../src/index.ts';

const uploaded = new Map<string, string>();

const store = new ContentStore({
  // Or, in place of a function of yours, a folder: `folder: '/var/lib/content'`.
  write: async (name, json) => {
    uploaded.set(name, json);
  },
  baseUrl: 's3://bucket/content/',
});

// Nothing is said on spans and events; they refer to where it is stored.
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
