/**
 * A module that is loaded before a program and makes the second long enough for which it waits at exit, however busy this
 * machine is.
 */
export const PATIENT: string = `data:text/javascript,${encodeURIComponent(
  'const now = performance.now.bind(performance); performance.now = () => now() / 50;' +
    'const { wait } = Atomics; Atomics.wait = (array, index, value, left) => wait(array, index, value, left * 50);',
)}`;
