// Agents, which openai has since version 7.
import OpenAI from 'openai';
import { readAll } from '../runtime/requests.mjs';

function sessionsWith(method, { options, absent }) {
  const sessions = new OpenAI(options).beta?.agents?.sessions;
  return sessions?.[method] === undefined ? absent(`sessions.${method}`) : sessions;
}

export default {
  async 'agent-session-created-streamed'(world) {
    const body = { agent_id: 'agent_1', environment: { type: 'none' }, input: 'Rain?', stream: true };
    return readAll(await sessionsWith('create', world).create(body));
  },

  'agent-session-events': async (world) =>
    readAll(await sessionsWith('events', world).events.stream('session_2')),

  async 'agent-session-stream-helper'(world) {
    const sessions = sessionsWith('stream', world);
    const calls = [];
    const toolHandlers = {
      get_weather: (input) => {
        calls.push(input);
        return 'sunny';
      },
    };
    const parameters = { input: 'Hello', idempotencyKey: 'key_1', toolHandlers };
    return { read: await readAll(sessions.stream('session_3', parameters)), calls };
  },
};
