/**
 * Where content belongs, once there is consent: for each scenario the attributes that have it, and some of the
 * places it comes from.
 */
export interface Belonging {
  readonly scenario: string;
  readonly span: string;
  readonly attribute: string;
  readonly places: readonly string[];
}

const CHAT = 'chat gpt-4o-mini';
const SPOKEN = 'chat gpt-realtime';
const ANSWER = 'response of POST /v1/chat/completions';
const RESPONSE = 'response of POST /v1/responses';
const STEPS = 'response of GET /v1/threads/thread_000001/runs/run_000001/steps';

export const BELONGINGS: readonly Belonging[] = [
  belonging('chat', CHAT, 'gen_ai.input.messages', [
    'chat.messages[0].content',
    'chat.messages[1].content[0].text',
    'chat.messages[2].tool_calls[0].function.arguments.term',
    'chat.messages[3].content',
  ]),
  belonging('chat', CHAT, 'gen_ai.request.stop_sequences', ['chat.stop[0]', 'chat.stop[1]']),
  belonging('chat', CHAT, 'gen_ai.tool.definitions', [
    'chat.tools[0].function.description',
    'chat.tools[0].function.parameters.properties.term.description',
  ]),
  belonging('chat', CHAT, 'gen_ai.output.messages', [
    `${ANSWER}.choices[0].message.tool_calls[0].function.arguments.term`,
  ]),
  belonging('chat, streamed', CHAT, 'gen_ai.output.messages', [
    'event of POST /v1/chat/completions .choices[0].delta.tool_calls[0].function.arguments',
  ]),
  belonging('text completion', 'text_completion gpt-3.5-turbo-instruct', 'gen_ai.input.messages', [
    'completion.prompt[0]',
  ]),
  belonging('text completion', 'text_completion gpt-3.5-turbo-instruct', 'gen_ai.output.messages', [
    'response of POST /v1/completions.choices[0].text',
  ]),
  belonging('text completion, streamed', 'text_completion gpt-3.5-turbo-instruct', 'gen_ai.output.messages', [
    'event of POST /v1/completions .choices[0].text',
  ]),
  belonging('response', CHAT, 'gen_ai.system_instructions', ['response.instructions']),
  belonging('response', CHAT, 'gen_ai.input.messages', [
    'response.input[0].content[0].text',
    'response.input[1].summary[0].text',
    'response.input[2].arguments.term',
    'response.input[3].output',
  ]),
  belonging('response', CHAT, 'gen_ai.output.messages', [
    `${RESPONSE}.output[0].summary[0].text`,
    `${RESPONSE}.output[7].arguments.term`,
    `${RESPONSE}.output[13].content[0].refusal`,
    `${RESPONSE}.output[15].content[0].text`,
  ]),
  belonging('response, streamed', CHAT, 'gen_ai.output.messages', [
    'event of POST /v1/responses response.completed.response.output[15].content[0].text',
  ]),
  belonging('run, polled by hand', 'invoke_agent Tutor', 'gen_ai.input.messages', [
    'question',
    'run.additional_messages[0].content',
  ]),
  belonging('run, polled by hand', 'invoke_agent Tutor', 'gen_ai.output.messages', [
    'response of GET /v1/threads/thread_000001/messages.data[0].content[0].text.value',
  ]),
  belonging('run, polled by hand', 'execute_tool code_interpreter', 'gen_ai.tool.call.arguments', [
    `${STEPS}.data[3].step_details.tool_calls[0].code_interpreter.input`,
  ]),
  belonging('run, polled by hand', 'execute_tool code_interpreter', 'gen_ai.tool.call.result', [
    `${STEPS}.data[3].step_details.tool_calls[0].code_interpreter.outputs[0].logs`,
  ]),
  belonging('run, polled by hand', 'execute_tool file_search', 'gen_ai.retrieval.query.text', [
    `${STEPS}.data[2].step_details.tool_calls[0].file_search.query`,
  ]),
  belonging('run, polled by hand', 'execute_tool file_search', 'gen_ai.retrieval.documents', [
    `${STEPS}.data[2].step_details.tool_calls[0].file_search.results[0].content[0].text`,
  ]),
  ...['agents, tracing true', 'agents, tracing false'].flatMap((agents) => [
    belonging(agents, 'execute_tool look_up', 'gen_ai.tool.call.result', ['result of a tool']),
    belonging(agents, 'execute_tool read_file', 'gen_ai.tool.call.result', ['result of an MCP tool']),
  ]),
  belonging('responses over a socket', CHAT, 'gen_ai.input.messages', ['response.input[0].content[0].text']),
  belonging('responses over a socket', CHAT, 'gen_ai.output.messages', [
    'server event 0.response.output[1].content[0].text',
  ]),
  belonging('realtime session', SPOKEN, 'gen_ai.system_instructions', ['asked.response.instructions']),
  belonging('realtime session', SPOKEN, 'gen_ai.input.messages', [
    'said.item.content[0].text',
    'heard.transcript',
  ]),
  belonging('realtime session', SPOKEN, 'gen_ai.output.messages', [
    'spoken.response.output[1].content[0].transcript',
  ]),
  belonging('search', 'retrieval vs_1', 'gen_ai.retrieval.query.text', ['search.query']),
  belonging('search', 'retrieval vs_1', 'gen_ai.retrieval.documents', [
    'response of POST /v1/vector_stores/vs_1/search.data[0].content[0].text',
  ]),
];

function belonging(scenario: string, span: string, attribute: string, places: readonly string[]): Belonging {
  return { scenario, span, attribute, places };
}
