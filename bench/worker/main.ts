/** A program that is measured. It receives orders as messages, and answers with its measurements. */
import { ABANDONED_STREAMS, CASES } from '../cases/index.ts';
import { VARIANTS } from '../variants/index.ts';
import { COMMANDS, pause, repeat } from './commands.ts';
import { prepareProgram } from './prepare.ts';
import type { Answer, Assignment, Message, Order } from './protocol.ts';

const send = (message: Message): void => void process.send?.(message);

try {
  const assignment: Assignment = JSON.parse(process.argv[2] ?? '');
  const variant = VARIANTS.find(({ name }) => name === assignment.variant);
  const measured = [...CASES, ABANDONED_STREAMS].find(({ name }) => name === assignment.measured);
  if (variant === undefined || measured === undefined) throw new Error('There is no such variant or case');
  const { client, telemetry, recorded } = prepareProgram({ ...assignment, variant, measured });

  const program = { measured, client, inSpan: telemetry.inSpan };
  const obey = async ({ command, operations }: Order): Promise<Answer> => {
    const before = recorded();
    if (command === 'signals') {
      // The first call may record more than others. The pause is for threads, which end after their last call.
      await repeat(program, 1);
      await pause();
      const signals = await telemetry.signalsOf(async () => {
        await telemetry.inSpan(() => repeat(program, 1));
        await pause();
      });
      return { value: 0, spans: signals.spans, open: telemetry.open, signals };
    }
    const value = await telemetry.inSpan(() => COMMANDS[command](program, operations));
    return { value, spans: (recorded() - before) / operations, open: telemetry.open };
  };
  process.on('message', (order: Order) => {
    obey(order).then(send, (error: unknown) => send({ failed: String(error) }));
  });
  send({ ready: true });
} catch (error) {
  send({ failed: String(error) });
}
process.on('disconnect', () => process.exit());
