import type { ApiRequest, OperationContent } from '../operation.ts';
import type { Content } from './completion-hook.ts';
import type { ContentRecord } from './content-record.ts';

/** Adds the input of an operation. */
export function addInput(to: ContentRecord, content: OperationContent, request: ApiRequest): void {
  const { requestAttributes, systemInstructions, inputMessages, toolDefinitions } = content;
  const input: Content = {};
  if (requestAttributes !== undefined) input.parameters = requestAttributes(request);
  if (systemInstructions !== undefined) input.systemInstructions = systemInstructions(request);
  if (inputMessages !== undefined) input.inputMessages = inputMessages(request);
  if (toolDefinitions !== undefined) input.toolDefinitions = toolDefinitions(request);
  to.addInput(input);
}

/** Adds the output of an operation. */
export function addOutput(to: ContentRecord, content: OperationContent, result: unknown): void {
  const { lateInput, outputMessages, documents } = content;
  const output: Content = {};
  if (outputMessages !== undefined) output.outputMessages = outputMessages(result);
  if (documents !== undefined) output.documents = documents(result);
  const inputMessages = lateInput?.();
  if (inputMessages !== undefined) output.inputMessages = inputMessages;
  to.add(output);
}
