// What a program does with its client; each gives all that it got, so that two ways to run it can be compared.

const MATH_TUTOR = {
  model: 'gpt-4o-mini',
  name: 'Math Tutor',
  instructions: 'You are a personal math tutor. Write and run code to answer math questions.',
  tools: [{ type: 'code_interpreter' }],
};
const QUESTION = 'I need to solve the equation `3x + 11 = 14`. Can you help me?';
const ADDRESS = 'Please address the user as Jane Doe. The user has a premium account.';

/** From openai 5 on, the thread's id is named. */
function retrieveRun(client, version, { id, thread_id }) {
  const { runs } = client.beta.threads;
  return Number.parseInt(version, 10) >= 5 ? runs.retrieve(id, { thread_id }) : runs.retrieve(thread_id, id);
}

function submitToolOutputs(client, version, { id, thread_id }, outputs, method) {
  const { runs } = client.beta.threads;
  const parameters = { tool_outputs: outputs };
  return Number.parseInt(version, 10) >= 5
    ? runs[method](id, { thread_id, ...parameters })
    : runs[method](thread_id, id, parameters);
}

/** A result and the id of the request it came from, where the SDK reports it. */
function told(value) {
  return { value, requestId: value?._request_id ?? null, prototype: value?.constructor?.name ?? null };
}

async function waitFor(client, version, run) {
  const seen = [told(run)];
  const waiting = ['queued', 'in_progress', 'cancelling'];
  let last = run;
  while (waiting.includes(last.status)) {
    last = await retrieveRun(client, version, run);
    seen.push(told(last));
  }
  return { last, seen };
}

exports.polling = async (client, version) => {
  const { assistants, threads } = client.beta;
  const assistant = await assistants.create(MATH_TUTOR);
  const thread = await threads.create();
  const message = await threads.messages.create(thread.id, { role: 'user', content: QUESTION });
  const run = await threads.runs.create(thread.id, { assistant_id: assistant.id, instructions: ADDRESS });
  const { seen } = await waitFor(client, version, run);
  const messages = [];
  for await (const answer of threads.messages.list(thread.id, { order: 'asc' })) {
    messages.push(answer);
    // The oldest openai 4 asks for a page after the last one, which was never recorded.
    if (answer.role === 'assistant') break;
  }
  return { assistant: told(assistant), thread: told(thread), message: told(message), seen, messages };
};

exports.streaming = async (client) => {
  const { assistants, threads } = client.beta;
  const assistant = await assistants.create(MATH_TUTOR);
  const thread = await threads.create();
  const message = await threads.messages.create(thread.id, { role: 'user', content: QUESTION });
  const known = await assistants.retrieve(assistant.id);
  const stream = await threads.runs.create(thread.id, {
    assistant_id: known.id,
    instructions: ADDRESS,
    stream: true,
  });
  // openai 4.19 knows no streamed runs: it hands out the text as it came.
  const events = typeof stream === 'string' ? stream : await Array.fromAsync(stream);
  return { assistant: told(assistant), thread: told(thread), message: told(message), events };
};

exports.chat = async (client) => {
  const messages = [
    { role: 'system', content: 'Answer in one sentence.' },
    { role: 'user', content: 'What is a span?' },
  ];
  const completion = await client.chat.completions.create({ model: 'gpt-4o', temperature: 0.5, messages });
  const stream = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  return { completion: told(completion), chunks: await Array.fromAsync(stream) };
};

/** By the helpers where the version has them. */
exports.functionTool = async (client, version) => {
  const { assistants, threads } = client.beta;
  const assistant = await assistants.create({
    model: 'gpt-4o-mini',
    name: 'Weather Bot',
    tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }],
  });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'Do I need an umbrella?' }] });
  const helpers = typeof threads.runs.createAndPoll === 'function';
  const asked = helpers
    ? await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 1 })
    : (await waitFor(client, version, await threads.runs.create(thread.id, { assistant_id: assistant.id })))
        .last;
  const outputs = asked.required_action.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: 'Heavy rain',
  }));
  const method = helpers ? 'submitToolOutputsAndPoll' : 'submitToolOutputs';
  const submitted = await submitToolOutputs(client, version, asked, outputs, method);
  const { last } = await waitFor(client, version, submitted);
  const messages = await threads.messages.list(thread.id);
  return { asked: told(asked), last: told(last), messages: messages.data };
};

exports.failure = async (client) => {
  try {
    await client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hello?' }],
    });
    return 'no error';
  } catch (error) {
    return {
      name: error.constructor.name,
      message: error.message,
      status: error.status,
      code: error.code,
      type: error.type,
      keys: Object.keys(error).sort(),
    };
  }
};
