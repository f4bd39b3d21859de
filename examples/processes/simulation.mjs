export function simulate(simulator) {
  simulator.script({ steps: [{ message: 'x is 4.', usage: { prompt: 120, completion: 6 } }] });
}
