// The calls that most programs make.
import OpenAI from 'openai';
import { HELLO } from './requests.mjs';

export function ask(options, requestOptions) {
  return new OpenAI(options).chat.completions.create(HELLO, requestOptions);
}

export function openStream(options, requestOptions) {
  return new OpenAI(options).chat.completions.create({ ...HELLO, stream: true }, requestOptions);
}
