import { type CompletionHook, type MessagePart, OpenAIInstrumentation } from '../../../src/index.ts';

const mask = (text: string): string => text.replace(/[\w.+-]+@[\w.-]+/g, '[mail]');
const maskPart = (part: MessagePart): MessagePart =>
  part.type === 'text' ? { ...part, content: mask(part.content) } : part;

/** Masks mail addresses, and drops the arguments and results of tools. */
const completionHook: CompletionHook = (completion) => {
  for (const field of ['inputMessages', 'outputMessages'] as const)
    completion[field] = completion[field].map((message) => ({
      ...message,
      parts: message.parts.map(maskPart),
    }));
  completion.systemInstructions = completion.systemInstructions.map(maskPart);
  completion.toolArguments = completion.toolResult = undefined;
  completion.errorMessage = completion.errorMessage && mask(completion.errorMessage);
};

const instrumentation = new OpenAIInstrumentation({
  captureMessageContent: 'SPAN_AND_EVENT',
  completionHook,
});

// The example of docs/privacy.md ends here.
export function example(): OpenAIInstrumentation {
  return instrumentation;
}
