/** What the simulated model answers to each request. */
export function simulate(simulator) {
  simulator.respond(
    {
      output: [{ function: { name: 'transfer_to_Math_Tutor', arguments: {} } }],
      usage: { prompt: 95, completion: 12 },
    },
    {
      output: [
        {
          codeInterpreter: {
            code: 'from sympy import *\nx = symbols("x")\nsolve(3*x + 11 - 14)',
            logs: '[1]',
          },
        },
        { message: 'Subtract 11 from both sides, then divide by 3: x = 1.' },
      ],
      usage: { prompt: 409, completion: 61 },
    },
    {
      output: [
        { fileSearch: { queries: ['marathon'] } },
        { function: { name: 'convert_length', arguments: { value: 42.195, from: 'km', to: 'mi' } } },
      ],
      usage: { prompt: 811, completion: 50, cached: 256 },
    },
    {
      output: [{ message: 'A marathon is 42.195 km, which is 26.22 miles.' }],
      usage: { prompt: 569, completion: 17, cached: 512 },
    },
  );
}
