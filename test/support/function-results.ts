import type OpenAI from 'openai';

type Item = OpenAI.Responses.ResponseOutputItem;

/** What a program sends back for the functions that a response asks for. */
export function functionResults(
  { output }: { readonly output: readonly Item[] },
  result: string,
): OpenAI.Responses.ResponseInputItem.FunctionCallOutput[] {
  return output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: result }]
      : [],
  );
}

/** The same, each after the call that it answers, as a program sends that keeps the history itself. */
export function repeatedCalls(
  response: { readonly output: readonly Item[] },
  result: string,
): OpenAI.Responses.ResponseInputItem[] {
  return response.output.flatMap((item) =>
    item.type === 'function_call' ? [item, ...functionResults({ output: [item] }, result)] : [],
  );
}
