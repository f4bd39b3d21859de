/** What most programs do with an open realtime session, until the server closes it. */
export function talk(_, send) {
  send({ type: 'response.create', response: { instructions: 'Be short.' } });
  send({ type: 'input_audio_buffer.append', audio: 'AAAA' });
  send({ type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 10 });
  send({ type: 'bye' });
}

/** The same after a request that cannot be serialised. */
export function talkInCircles(socket, send) {
  const circular = { type: 'response.create' };
  circular.self = circular;
  send(circular);
  talk(socket, send);
}
