import { arrayField, first, textField } from '../../util/payload.ts';

/** The reasoning in a message or a piece of one, which OpenAI's API does not show. Some servers send both fields. */
interface Reasoned {
  readonly reasoning_content?: unknown;
  readonly reasoning?: unknown;
}

/** The reasoning of a message, under either of the names that servers use. */
export function reasoningOf({ reasoning_content, reasoning }: Reasoned): string | undefined {
  if (typeof reasoning_content === 'string' && reasoning_content !== '') return reasoning_content;
  return typeof reasoning === 'string' ? reasoning : undefined;
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
