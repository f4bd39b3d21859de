// What AWS does: one instance of the function, invoked again and again.
import { handler } from './handler.mjs';

for (const question of ['What is a derivative?', 'And an integral?']) {
  const { statusCode, body } = await handler({ question });
  console.log(statusCode, body);
}
