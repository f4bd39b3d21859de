export type { Answer } from './answers.ts';
export { type Exchange, startReplay } from './replay.ts';
export type { OutputScript, ResponseEnd, ResponseScript } from './response-script.ts';
export type { RunEnd, RunScript, ScriptedUsage, StepScript, ToolScript } from './script.ts';
export type { ReceivedRequest } from './server.ts';
export type { ItemScript, TurnScript } from './session-script.ts';
export { type Simulator, startSimulator } from './simulator.ts';
export type { SocketScript } from './sockets.ts';
export type { ServerSocket } from './web-socket.ts';
