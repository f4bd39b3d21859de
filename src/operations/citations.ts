import type { MessagePart } from '../config/completion-types.ts';
import { asArray, asObject, field, first, stringField, textField } from '../util/payload.ts';
import { urlWithoutSecrets } from '../util/url-secrets.ts';

const CITED = ['url', 'title', 'file_id', 'filename'] as const;

/** What the annotations of a text cite, as one part. Chat completions and Assistants nest the page or file. */
export function citationParts(annotations: unknown): MessagePart[] {
  const citations = first(asArray(annotations)).flatMap((annotation) => {
    const type = stringField(annotation, 'type');
    if (type === undefined) return [];
    const cited = asObject(field(annotation, type)) ?? annotation;
    const citation: Record<string, string> = { type };
    for (const name of CITED) {
      const found = textField(cited, name);
      if (found !== undefined) citation[name] = name === 'url' ? urlWithoutSecrets(found) : found;
    }
    return [citation];
  });
  return citations.length === 0 ? [] : [{ type: 'citations', citations }];
}
