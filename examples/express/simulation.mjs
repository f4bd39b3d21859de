export function simulate(simulator) {
  for (const message of ['x is 4.', 'y is 2.', 'x is still 4.'])
    simulator.script({ steps: [{ message, usage: { prompt: 120, completion: 6 } }] });
}
