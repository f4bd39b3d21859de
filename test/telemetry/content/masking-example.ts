import { maskingHook } from '../../../src/client.ts';
import { type CompletionHook, OpenAIInstrumentation } from '../../../src/index.ts';

const mask = maskingHook();

const completionHook: CompletionHook = (completion) => {
  mask(completion);
  completion.toolArguments = completion.toolResult = undefined;
  completion.inputMessages = completion.inputMessages.slice(-1);
};

const instrumentation = new OpenAIInstrumentation({
  captureMessageContent: 'SPAN_AND_EVENT',
  completionHook,
});

// The example of docs/privacy.md ends here.
export function example(): OpenAIInstrumentation {
  return instrumentation;
}
