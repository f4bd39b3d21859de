import type { ApiRequest, OperationContent } from '../operation.ts';
import type { ContentRecord } from './content-record.ts';

/** Adds the input of an operation. */
export function addInput(to: ContentRecord, content: OperationContent, request: ApiRequest): void {
  to.addInput({
    parameters: content.requestAttributes?.(request) ?? {},
    systemInstructions: content.systemInstructions?.(request) ?? [],
    inputMessages: content.inputMessages?.(request) ?? [],
    toolDefinitions: content.toolDefinitions?.(request) ?? [],
  });
}

/** Adds the output of an operation. */
export function addOutput(to: ContentRecord, content: OperationContent, result: unknown): void {
  to.add({
    outputMessages: content.outputMessages?.(result) ?? [],
    documents: content.documents?.(result) ?? [],
  });
}
