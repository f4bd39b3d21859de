import { mediaText } from './media.ts';
import { attributeText, partContent, type SpanMessage, type SpanPart } from './messages.ts';
import { shownPrompt } from './span-details.ts';
import { type RecordedContent, readContent } from './span-texts.ts';
import type { Row } from './tree.ts';
import type { SpanAttributes } from './viewed-span.ts';
import type { ViewedTrace } from './viewed-trace.ts';

/** The texts that two traces or two steps are compared by, with their labels. */
export type ComparedTexts = Readonly<Record<string, string | undefined>>;

export function textsOfTrace({ rows, summary }: ViewedTrace): ComparedTexts {
  const first = (textIn: (of: SpanAttributes) => string | undefined): string | undefined => {
    for (const { span } of rows) {
      const text = textIn(span.attributes);
      if (text) return text;
    }
    return undefined;
  };
  return {
    Prompt: first(shownPrompt),
    Instructions: first((of) => instructionsIn(readContent(of))),
    Question: summary.prompt,
    Answer: summary.answer,
  };
}

export function textsOfStep({ span: { attributes } }: Row): ComparedTexts {
  const content = readContent(attributes);
  const { asked, answered, input, output } = content;
  return {
    Prompt: shownPrompt(attributes),
    Instructions: instructionsIn(content),
    Question: messagesText(asked.slice(-1)),
    Answer: messagesText(answered),
    Arguments: valueText(input),
    Result: valueText(output),
  };
}

function instructionsIn({ instructions, asked }: RecordedContent): string | undefined {
  const system = asked.filter(({ role }) => role === 'system' || role === 'developer');
  return messagesText([{ role: '', parts: instructions }, ...system]);
}

function messagesText(messages: readonly SpanMessage[]): string | undefined {
  return messages.flatMap(({ parts }) => parts.map(comparedPart)).join('\n') || undefined;
}

function comparedPart(part: SpanPart): string {
  if (part.type === 'tool_call') return `${part.name}(${attributeText(part.arguments ?? '')})`;
  const content = partContent(part);
  return content === undefined ? `[${mediaText(part)}]` : attributeText(content);
}

function valueText(value: unknown): string | undefined {
  return value === undefined
    ? undefined
    : typeof value === 'string'
      ? value
      : JSON.stringify(value, undefined, 2);
}
