/** The simulated model gives the same answers, for the same tokens, in both APIs. */
const FIRST = { message: 'x is 4.' };
const CALL = { function: { name: 'convert_length', arguments: { kilometres: 42.195 } } };
const LAST = { message: 'It is 26.22 miles long.' };
const USAGE = [
  { prompt: 171, completion: 6 },
  { prompt: 205, completion: 18 },
  { prompt: 238, completion: 9 },
];

export function simulate(simulator) {
  simulator.script(
    { steps: [{ ...FIRST, usage: USAGE[0] }] },
    {
      steps: [
        { tools: [CALL], usage: USAGE[1] },
        { ...LAST, usage: USAGE[2] },
      ],
    },
  );
  simulator.respond(
    { output: [FIRST], usage: USAGE[0] },
    { output: [CALL], usage: USAGE[1] },
    { output: [LAST], usage: USAGE[2] },
  );
}
