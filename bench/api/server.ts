/** Serves the same answers on the loopback interface. It is a separate process, so that only the client is measured. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CASES } from '../cases/index.ts';

const [name] = process.argv.slice(2);
const api = CASES.find((one) => one.name === name)?.api();
if (api === undefined) throw new Error(`There is no case ${name}`);

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const [path = ''] = (request.url ?? '').replace('/v1', '').split('?');
    const { contentType, reads } = api({ method: request.method ?? 'GET', path });
    response.writeHead(200, { 'content-type': contentType, 'x-request-id': 'req_1' });
    for (const read of reads) response.write(read);
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.(`http://127.0.0.1:${port}/v1`);
});
process.on('disconnect', () => process.exit());
