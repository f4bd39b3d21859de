import { arrayField, first, textField } from '../../util/payload.ts';

/**
 * The reasoning in a message or a piece of one, under either of the names that servers use. Some send both. OpenAI's API
 * does not show it.
 */
export function reasoningOf(message: unknown): string | undefined {
  return textField(message, 'reasoning_content') || textField(message, 'reasoning') || undefined;
}

/** The text of a `thinking` part, which Mistral puts into the content. */
export function thinkingText(part: unknown): string {
  return (
    textField(part, 'thinking') ??
    first(arrayField(part, 'thinking'))
      .map((piece) => textField(piece, 'text') ?? '')
      .join('')
  );
}
