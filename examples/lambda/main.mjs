// Does what AWS does: invokes one instance of the function repeatedly.
import { handler } from './handler.mjs';

for (const question of ['What is a derivative?', 'And an integral?']) {
  const { statusCode, body } = await handler({ question });
  console.log(statusCode, body);
}
