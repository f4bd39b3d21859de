import { arrayField, numberField, stringField, textField } from '../payload.ts';

/**
 * A part of a file that a search found, wherever it is told of, as the conventions have documents. The file's
 * metadata, its `attributes`, are never recorded.
 */
export function readDocument(found: unknown): object {
  const text = textField(found, 'text');
  const content =
    text === undefined
      ? arrayField(found, 'content').flatMap((part) => textField(part, 'text') ?? [])
      : [text];
  return {
    id: stringField(found, 'file_id'),
    score: numberField(found, 'score'),
    name: textField(found, 'filename') ?? textField(found, 'file_name'),
    ...(content.length > 0 ? { content: content.join('\n') } : {}),
  };
}
