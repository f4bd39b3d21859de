import type { MessagePart } from '../config/completion-types.ts';
import { cut } from '../util/cut-text.ts';
import {
  arrayField,
  asArray,
  asObject,
  field,
  first,
  numberField,
  stringField,
  textField,
} from '../util/payload.ts';
import { urlWithoutSecrets } from '../util/url-secrets.ts';

export type Citation = Readonly<Record<string, string>>;

const CITED = ['url', 'title', 'file_id', 'filename'] as const;
const MAX_CITED_LENGTH = 2_048;

/** Chat completions and Assistants nest a citation in a field that is named after its type. */
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

export function citationParts(annotations: unknown): MessagePart[] {
  const citations = readCitations(annotations);
  return citations.length === 0 ? [] : [{ type: 'citations', citations }];
}

/** Some servers repeat the earlier citations in each chunk. */
export function addCitations(known: readonly Citation[], annotations: unknown): readonly Citation[] {
  const isNew = (citation: Citation): boolean =>
    !known.some((one) => one.type === citation.type && CITED.every((name) => one[name] === citation[name]));
  const added = readCitations(annotations).filter(isNew);
  return added.length === 0 ? known : first([...known, ...added]);
}

/** The `attributes` of the found file are user metadata, so they are not recorded. */
function readDocument(found: unknown): object {
  const text = textField(found, 'text');
  const content =
    text === undefined
      ? first(arrayField(found, 'content')).flatMap((part) => textField(part, 'text') ?? [])
      : [text];
  return {
    id: stringField(found, 'file_id'),
    score: numberField(found, 'score'),
    name: textField(found, 'filename') ?? textField(found, 'file_name'),
    ...(content.length > 0 ? { content: content.join('\n') } : {}),
  };
}

export function readDocuments(found: readonly unknown[]): object[] {
  const documents = first(found).map(readDocument);
  const count = found.length - documents.length;
  return count > 0 ? [...documents, { type: 'omitted', name: '…', count }] : documents;
}
