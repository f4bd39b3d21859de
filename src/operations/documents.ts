import { arrayField, first, numberField, stringField, textField } from '../util/payload.ts';

/**
 * Reads a part of a file that a search found as a document of the conventions. The `attributes` of the file are user
 * metadata and never recorded.
 */
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

/** The first documents of a list, and in a last entry how many more there are. */
export function readDocuments(found: readonly unknown[]): object[] {
  const documents = first(found).map(readDocument);
  const count = found.length - documents.length;
  return count > 0 ? [...documents, { type: 'omitted', name: '…', count }] : documents;
}
