import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig } from '../../src/client.ts';
import { type Simulator, startSimulator } from '../support/simulator/index.ts';

/** A client, and the server that it calls. */
export interface Place {
  readonly client: OpenAI;
  readonly server: Simulator;
}

/** Clients of servers of their own, in one process, with one memory. */
export async function twoServers(options: OpenAIInstrumentationConfig): Promise<[Place, Place]> {
  const config = { ...options };
  const connect = async (): Promise<Place> => {
    const server = await startSimulator();
    onTestFinished(() => server.close());
    const client = new OpenAI({ apiKey: 'test', baseURL: server.url, maxRetries: 0 });
    return { client: instrumentOpenAI(client, config), server };
  };
  return [await connect(), await connect()];
}
