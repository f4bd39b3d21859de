import type { MessagePart } from '../config/completion-types.ts';
import { cut } from '../util/cut-text.ts';
import { asArray, asObject, field, first, stringField, textField } from '../util/payload.ts';
import { urlWithoutSecrets } from '../util/url-secrets.ts';

/** What is recorded of a page or file that is cited. */
export type Citation = Readonly<Record<string, string>>;

const CITED = ['url', 'title', 'file_id', 'filename'] as const;
const MAX_CITED_LENGTH = 2_048;

/** What the annotations of a text cite. Chat completions and Assistants nest the page or file. */
export function readCitations(annotations: unknown): Citation[] {
  return first(asArray(annotations)).flatMap((annotation) => {
    const type = stringField(annotation, 'type');
    if (type === undefined) return [];
    const cited = asObject(field(annotation, type)) ?? annotation;
    const citation: Record<string, string> = { type };
    for (const name of CITED) {
      const found = textField(cited, name);
      if (found !== undefined)
        citation[name] = cut(name === 'url' ? urlWithoutSecrets(found) : found, MAX_CITED_LENGTH);
    }
    return [citation];
  });
}

/** The same as one part. */
export function citationParts(annotations: unknown): MessagePart[] {
  const citations = readCitations(annotations);
  return citations.length === 0 ? [] : [{ type: 'citations', citations }];
}

/** Adds what a chunk cites. Some servers repeat in each chunk what they told before. */
export function addCitations(known: readonly Citation[], annotations: unknown): readonly Citation[] {
  const isNew = (citation: Citation): boolean =>
    !known.some((one) => one.type === citation.type && CITED.every((name) => one[name] === citation[name]));
  const added = readCitations(annotations).filter(isNew);
  return added.length === 0 ? known : first([...known, ...added]);
}
