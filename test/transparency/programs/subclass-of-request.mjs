import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options }) => {
  class Client extends OpenAI {
    makeRequest() {
      return Promise.reject(new Error('never sent'));
    }
  }
  class Refusing extends OpenAI {
    request() {
      throw new Error('refused at once');
    }
  }
  return [
    await caught(() => new Client(options).chat.completions.create(HELLO)),
    await caught(() => new Refusing(options).chat.completions.create(HELLO)),
  ];
};
