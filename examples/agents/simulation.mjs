const CHAT = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'gpt-5',
  'gen_ai.usage.input_tokens': 412,
  'gen_ai.usage.output_tokens': 58,
};

/** What the simulated agent does in each turn. */
export function simulate(simulator) {
  simulator.turn(
    {
      items: [
        { functions: [{ name: 'find_trains', arguments: { from: 'Oslo', to: 'Rome' } }] },
        { message: 'Take the train at 8:02 and change in Hamburg.' },
      ],
      usage: { prompt: 412, completion: 58 },
      hosted: [
        {
          name: 'agent turn',
          below: [{ name: 'chat gpt-5', kind: 3, attributes: CHAT }, { name: 'load memory' }],
        },
      ],
    },
    {
      items: [
        {
          subagent: {
            name: 'Price Agent',
            task: 'Compare the prices.',
            items: [{ webSearch: { query: 'train fares Oslo Rome' } }, { message: 'The later one.' }],
            usage: { prompt: 120, completion: 16 },
          },
        },
        { message: 'The one at 10:02.' },
      ],
      usage: { prompt: 530, completion: 31 },
    },
  );
}
